"""Asks a connector through airbyte-lite what airbyte-cdk's standard tests ask (airbyte_cdk.test.standard_tests).

Those tests run a connector inside their own process. Here each command goes the way of a sync: the fork server, the
limits and the protocol of airbyte-lite. Without credentials a source can refuse `check` only; that it does so with a
sentence is asked too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jsonschema

from airbyte_lite.connectors.masking import secret_values
from airbyte_lite.connectors.protocol import ConnectorError, error_of, parse_message
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner
from platform_kit.redaction import Redactor
from tools.connectors import block

QUESTIONS = ("spec", "check", "discover", "read", "unknown stream")
PASSED, REFUSED, NOT_ASKED = "passed", "refused with a sentence", "needs an account"
MOST_LINES = 200_000


class Failed(Exception):
    """The answer is wrong. The text says why."""


@dataclass
class Answers:
    """The answers of one connector."""

    results: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    """Why a question failed, without secrets."""
    redact: Callable[[str], str] = str

    def ask(self, question: str, answer: Callable[[], str]) -> None:
        """Ask a question and keep its result."""
        try:
            self.results[question] = answer()
        except (Failed, ConnectorError, KeyError, TypeError, jsonschema.SchemaError) as error:
            self.results[question] = "failed"
            self.reasons[question] = " ".join(self.redact(str(error)).split())[:300]


def ask(runner: ConnectorRunner, connector: Connector, configuration: dict[str, Any] | None = None) -> Answers:
    """Ask a connector everything. Without a configuration: the defaults, or invented values.

    The reasons of failures have a mask in the place of the configuration's secrets.
    """
    answers = Answers()
    schema: dict[str, Any] = {}

    def spec() -> str:
        schema.update(runner.spec(connector)["connectionSpecification"])
        jsonschema.Draft7Validator.check_schema(schema)
        return PASSED

    answers.ask("spec", spec)
    unknown = {"properties": {key: {"airbyte_secret": True} for key in configuration or {}}}
    answers.redact = Redactor(secret_values(configuration or {}, schema or unknown))
    given = configuration if configuration is not None else block.defaults(schema)
    needs_account = '"airbyte_secret": true' in json.dumps(schema)  # also if the secret is not required, as in notion
    real = given is not None and (configuration is not None or not needs_account)
    used = given if given is not None else block.made_up(schema)
    catalog: list[dict[str, Any]] = []
    answers.ask("check", lambda: _check(runner, connector, used, real=real))
    answers.ask("discover", lambda: _discover(runner, connector, used, catalog, real=real))
    if not real:
        answers.results |= {"read": NOT_ASKED, "unknown stream": NOT_ASKED}
        return answers
    answers.ask("read", lambda: _read(runner, connector, used, catalog))
    answers.ask("unknown stream", lambda: _unknown(runner, connector, used, catalog))
    return answers


def _check(runner: ConnectorRunner, connector: Connector, configuration: dict[str, Any], *, real: bool) -> str:
    try:
        result = runner.check(connector, configuration)
    except ConnectorError as error:
        if real:
            raise
        return _refusal(error.message)
    if result.succeeded:
        if not real:
            raise Failed("check succeeds with an invented configuration")
        return PASSED
    if real:
        raise Failed(result.message)
    return _refusal(result.message)


def _refusal(message: str) -> str:
    if len(message.split()) < 3 or "Traceback" in message:
        raise Failed(f"the refusal is no sentence: {message!r}")
    return REFUSED


def _discover(
    runner: ConnectorRunner,
    connector: Connector,
    configuration: dict[str, Any],
    catalog: list[dict[str, Any]],
    *,
    real: bool,
) -> str:
    try:
        catalog += runner.discover(connector, configuration)
    except ConnectorError as error:
        if real:
            raise
        return _refusal(error.message)
    names = [stream["name"] for stream in catalog]
    if (real and not names) or len(set(names)) != len(names):
        raise Failed(f"streams without a unique name: {names}")
    for stream in catalog:
        jsonschema.Draft7Validator.check_schema(stream["json_schema"])
        if not stream["supported_sync_modes"]:
            raise Failed(f"stream {stream['name']} has no sync mode")
    return f"{len(names)} streams"


def configured(streams: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the ConfiguredAirbyteCatalog that reads the streams completely."""
    return {
        "streams": [
            {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"} for stream in streams
        ]
    }


def _read(
    runner: ConnectorRunner, connector: Connector, configuration: dict[str, Any], catalog: list[dict[str, Any]]
) -> str:
    names = {stream["name"] for stream in catalog}
    if not names:
        raise Failed("discover gave no streams")
    records, stopped = 0, False
    with runner.read(connector, configuration, configured(catalog), []) as lines:
        for number, line in enumerate(lines):
            if number >= MOST_LINES:
                stopped = True
                break  # the end of the context ends the connector
            if (message := parse_message(line)) is None:
                continue
            if error := error_of(message):
                raise Failed(error.message)
            if message["type"] == "RECORD":
                records += 1
                if message["record"]["stream"] not in names:
                    raise Failed(f"a record of {message['record']['stream']}, which is not in the catalog")
    if (lines.exit_code and not stopped) or not records:
        raise Failed(f"{records} records, exit code {lines.exit_code}")
    return f"{records:,} records" + (", then stopped" if stopped else "")


def _unknown(
    runner: ConnectorRunner, connector: Connector, configuration: dict[str, Any], catalog: list[dict[str, Any]]
) -> str:
    """Read a stream that does not exist: as in airbyte-cdk's test, this must be an error."""
    if not catalog:
        raise Failed("discover gave no streams")
    stream = json.loads(json.dumps(catalog[0])) | {"name": "stream_that_does_not_exist"}
    failed = False
    try:
        with runner.read(connector, configuration, configured([stream]), []) as lines:
            for line in lines:
                message = parse_message(line)
                failed = failed or (message is not None and (error_of(message) is not None or _incomplete(message)))
    except ConnectorError:
        return PASSED
    if not failed and not lines.exit_code:
        raise Failed("no error")
    return PASSED


def _incomplete(message: dict[str, Any]) -> bool:
    """Return whether the message says that a stream was not read completely, which fails a sync too."""
    status = message.get("trace", {}).get("stream_status", {}) if message["type"] == "TRACE" else {}
    return bool(status.get("status") == "INCOMPLETE")
