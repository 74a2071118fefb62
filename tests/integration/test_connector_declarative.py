"""A low-code connector, its manifest given in the configuration, that reads a small JSON API on this machine."""

import http.server
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft7Validator

from airbyte_lite.connectors import patterns
from airbyte_lite.connectors.masking import MANIFEST as MANIFEST_KEY
from airbyte_lite.connectors.protocol import ConnectorError, error_of, parse_message
from airbyte_lite.connectors.registry import Connector, load_registry
from airbyte_lite.connectors.runner import ConnectorRunner
from airbyte_lite.connectors.validation import check_configuration
from airbyte_lite.problem import Problem
from tests.serving import serving
from tools.local.platform import ENVIRONMENTS

TOKEN = "let-me-in"
PAGE = 2
SECONDS = "%Y-%m-%dT%H:%M:%SZ"

MANIFEST: dict[str, Any] = {
    "version": "6.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["orders"]},
    "streams": [
        {
            "type": "DeclarativeStream",
            "name": "orders",
            "primary_key": ["id"],
            "retriever": {
                "type": "SimpleRetriever",
                "requester": {
                    "type": "HttpRequester",
                    "url_base": "{{ config['url'] }}",
                    "path": "/orders",
                    "authenticator": {"type": "BearerAuthenticator", "api_token": "{{ config['token'] }}"},
                },
                "record_selector": {
                    "type": "RecordSelector",
                    "extractor": {"type": "DpathExtractor", "field_path": ["orders"]},
                },
                "paginator": {
                    "type": "DefaultPaginator",
                    "page_token_option": {
                        "type": "RequestOption",
                        "inject_into": "request_parameter",
                        "field_name": "page",
                    },
                    "pagination_strategy": {"type": "PageIncrement", "page_size": PAGE},
                },
            },
            "incremental_sync": {
                "type": "DatetimeBasedCursor",
                "cursor_field": "updated_at",
                "datetime_format": SECONDS,
                "start_datetime": {"type": "MinMaxDatetime", "datetime": "2018-01-01T00:00:00Z"},
                "start_time_option": {
                    "type": "RequestOption",
                    "inject_into": "request_parameter",
                    "field_name": "since",
                },
            },
            "schema_loader": {
                "type": "InlineSchemaLoader",
                "schema": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "integer"},
                        "status": {"type": ["null", "string"]},
                        "updated_at": {"type": "string", "format": "date-time"},
                    },
                },
            },
        }
    ],
    "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
}


class OrdersApi(http.server.ThreadingHTTPServer):
    """GET /orders?since=…&page=… with a bearer token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.orders: list[dict[str, Any]] = [
            {"id": number, "status": "placed", "updated_at": f"2018-01-0{number}T00:00:00Z"} for number in range(1, 6)
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: OrdersApi

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.answer(401, {"error": "Who are you?"})
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        start = int(query.get("page", 0)) * PAGE
        orders = [order for order in self.server.orders if order["updated_at"] >= query["since"]]
        return self.answer(200, {"orders": orders[start : start + PAGE]})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def api() -> Iterator[OrdersApi]:
    with serving(OrdersApi()) as server:
        yield server


@pytest.fixture(scope="module")
def connector() -> Connector:
    return load_registry(ENVIRONMENTS / "connectors")["source-declarative-manifest"]


def configuration(api: OrdersApi, token: str = TOKEN) -> dict[str, Any]:
    return {"__injected_declarative_manifest": MANIFEST, "url": api.url, "token": token}


def read(
    runner: ConnectorRunner, connector: Connector, api: OrdersApi, sync_mode: str, state: list[dict[str, Any]]
) -> tuple[list[int], list[dict[str, Any]]]:
    """Return the ids of the records, and the states."""
    (stream,) = runner.discover(connector, configuration(api))
    catalog = {"streams": [{"stream": stream, "sync_mode": sync_mode, "destination_sync_mode": "append"}]}
    ids, states = [], []
    with runner.read(connector, configuration(api), catalog, state) as lines:
        for line in lines:
            message = parse_message(line)
            assert message is not None, line
            assert error_of(message) is None, message
            if message["type"] == "RECORD":
                ids.append(message["record"]["data"]["id"])
            elif message["type"] == "STATE":
                states.append(message["state"])
    assert lines.exit_code == 0
    return ids, states


def test_spec_accepts_the_configuration(runner: ConnectorRunner, connector: Connector, api: OrdersApi) -> None:
    validator = Draft7Validator(runner.spec(connector)["connectionSpecification"])
    assert list(validator.iter_errors(configuration(api))) == []
    assert list(validator.iter_errors({"url": api.url})) != []


def test_check(runner: ConnectorRunner, connector: Connector, api: OrdersApi) -> None:
    assert runner.check(connector, configuration(api)).succeeded
    refused = runner.check(connector, configuration(api, token="wrong"))
    assert not refused.succeeded
    assert "401" in refused.message


def test_discover(runner: ConnectorRunner, connector: Connector, api: OrdersApi) -> None:
    (stream,) = runner.discover(connector, configuration(api))
    assert stream["name"] == "orders"
    assert stream["json_schema"]["properties"]["id"] == {"type": "integer"}
    assert stream["source_defined_primary_key"] == [["id"]]
    assert stream["default_cursor_field"] == ["updated_at"]
    assert stream["supported_sync_modes"] == ["full_refresh", "incremental"]


def test_full_refresh_reads_every_page_each_time(runner: ConnectorRunner, connector: Connector, api: OrdersApi) -> None:
    for _ in range(2):
        ids, _ = read(runner, connector, api, "full_refresh", [])
        assert ids == [1, 2, 3, 4, 5]


def test_incremental_reads_what_changed(runner: ConnectorRunner, connector: Connector, api: OrdersApi) -> None:
    ids, states = read(runner, connector, api, "incremental", [])
    assert ids == [1, 2, 3, 4, 5]
    assert states[-1]["stream"]["stream_state"] == {"updated_at": "2018-01-05T00:00:00Z"}
    api.orders[0] |= {"status": "returned", "updated_at": "2018-01-06T00:00:00Z"}
    ids, states = read(runner, connector, api, "incremental", states[-1:])
    assert ids == [1, 5], "the order that was last before comes again: the API's filter includes the boundary"
    assert states[-1]["stream"]["stream_state"] == {"updated_at": "2018-01-06T00:00:00Z"}


def test_manifest_that_is_none_is_an_error_for_the_user(runner: ConnectorRunner, connector: Connector) -> None:
    with pytest.raises(ConnectorError, match="__injected_declarative_manifest") as raised:
        runner.check(connector, {"url": "http://127.0.0.1"})
    assert raised.value.failure_type == "system_error"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("2018-01-01", {}),
        ("1 January", {"configuration.start": "does not satisfy pattern ^[0-9-]+$"}),
    ],
)
def test_pattern_of_a_manifests_specification(value: str, fault: dict[str, str]) -> None:
    assert patterns.faults({"start": value}, {"properties": {"start": {"pattern": "^[0-9-]+$"}}}) == fault


def test_pattern_that_takes_for_ever_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meanwhile no thread of the server would run, if the server itself checked it."""
    monkeypatch.setattr(patterns, "SECONDS", 1.0)
    own = {"spec": {"connection_specification": {"properties": {"start": {"pattern": "^(a+)+$"}}}}}
    with pytest.raises(Problem) as raised:
        check_configuration({MANIFEST_KEY: own, "start": "a" * 60 + "!"}, {}, "source-x")
    assert "pattern" in raised.value.message


def test_process_for_patterns_ends_itself_even_when_the_server_has_ended() -> None:
    command = [sys.executable, "-m", patterns.__name__, "0.5"]
    given = json.dumps([{"start": "a" * 60 + "!"}, {"properties": {"start": {"pattern": "^(a+)+$"}}}]).encode()
    assert subprocess.run(command, input=given, timeout=60, check=False).returncode == -signal.SIGPROF
