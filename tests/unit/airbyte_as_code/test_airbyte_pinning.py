"""Versions of connectors: read, compared with Airbyte's, set where they differ."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from airbyte_as_code.airbyte_client import AirbyteClient, Kind
from airbyte_as_code.errors import UserError
from airbyte_as_code.pinning import Pin, differences, pin, read_pins
from airbyte_as_code.render import as_json, plan_lines
from bootstrap.settings import Settings


def client(answer: Callable[[httpx.Request], httpx.Response]) -> AirbyteClient:
    """A client of a server that is a function."""
    settings = Settings(airbyte_url="http://airbyte")
    return AirbyteClient(settings, httpx.MockTransport(answer))


class Definitions:
    """As much of the configuration API as versions take."""

    def __init__(self) -> None:
        self.tags = {"source-s3": "4.7.8", "destination-bigquery": "2.8.9"}
        self.updates: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        kind, _, call = request.url.path.removeprefix("/api/v1/").replace("_definitions", "").partition("/")
        if call == "update":
            body = json.loads(request.content)
            self.updates.append(body)
            self.tags[body[f"{kind}DefinitionId"].removeprefix("id-of-")] = body["dockerImageTag"]
            return httpx.Response(200, json={})
        found = [
            {"dockerRepository": f"airbyte/{name}", "dockerImageTag": tag, f"{kind}DefinitionId": f"id-of-{name}"}
            for name, tag in self.tags.items()
            if name.startswith(kind)
        ]
        return httpx.Response(200, json={f"{kind}Definitions": found})


PINS = "source-s3:4.16.1 destination-bigquery:2.8.9"


def test_only_what_differs_is_set_and_then_nothing_does() -> None:
    server, said = Definitions(), list[str]()
    with client(server) as airbyte:
        pin(airbyte, read_pins(PINS), said.append)
        assert server.updates == [{"sourceDefinitionId": "id-of-source-s3", "dockerImageTag": "4.16.1"}]
        assert said == ["connector source-s3: 4.7.8 -> 4.16.1"]
        assert not list(differences(airbyte, read_pins(PINS)))


def test_without_pins_nothing_is_asked() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    with client(refuse) as airbyte:
        pin(airbyte, read_pins(""), print)


def test_a_connector_that_airbyte_does_not_have() -> None:
    with client(Definitions()) as airbyte, pytest.raises(UserError, match="has no connector 'source-other'"):
        pin(airbyte, read_pins("source-other:1.0.0"), print)


@pytest.mark.parametrize("text", ["source-s3", "source-s3:", "s3:4.16.1", "airbyte/source-s3:4.16.1"])
def test_what_is_not_a_pin(text: str) -> None:
    with pytest.raises(UserError, match="is not a connector and its version"):
        read_pins(text)


def test_a_plan_with_a_connector_to_set_is_not_empty(session: Any) -> None:
    session.apply()
    plan = session.plan()
    assert plan.is_empty
    pinned = replace(plan, connectors=[Pin(Kind.SOURCE, "source-s3", "an-id", "4.7.8", "4.16.1")])
    assert not pinned.is_empty
    lines = list(plan_lines(pinned))
    assert lines[1].split() == ["~", "connector", "source-s3", "update"]
    assert lines[2] == '      version: "4.7.8" → "4.16.1"'
    assert lines[-1] == "\nPlan: 0 to create, 1 to update, 0 to replace, 0 to delete, 4 unchanged."
    assert as_json(pinned)["connectors"] == [{"name": "source-s3", "old": "4.7.8", "new": "4.16.1"}]
    assert as_json(pinned)["summary"]["update"] == 1
