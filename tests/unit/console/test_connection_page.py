"""The tabs of a connection, without a browser: whatever Airbyte answers is shown as text."""

import asyncio
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from nicegui import ui
from nicegui.client import Client
from nicegui.elements.mixins.content_element import ContentElement

from console.clients.platform import Platform
from console.logic.airbyte import connection
from console.logic.airbyte.connection import Detail
from console.logic.airbyte.declared import Declared
from console.pages import connection_schema, connection_status
from console.parts.frame import Visit
from console.settings import Settings

from .airbyte_answers import Server, detail_answers

HOSTILE = "<img src=x onerror=alert(1)>{{ 7*7 }}\u202e</script>"


@pytest.fixture
def detail() -> Detail:
    """A connection whose names, columns, failures and settings have HTML in them."""
    found = Server(detail_answers()).ask(lambda airbyte: connection.detail(airbyte, "c1"))
    stream = found.streams[0]
    columns = [replace(column, name=HOSTILE, type=HOSTILE) for column in stream.columns]
    end = replace(found.source, name=HOSTILE, configuration={HOSTILE: HOSTILE})
    return replace(
        found,
        name=HOSTILE,
        source=end,
        destination=replace(end, kind="destination"),
        streams=[replace(stream, name=HOSTILE, columns=columns)],
        jobs=[replace(job, failure=HOSTILE) for job in found.jobs],
    )


@pytest.mark.parametrize("tab", ["timeline", "schema", "settings"])
def test_what_airbyte_answers_is_text(detail: Detail, tab: str, tmp_path: Any) -> None:
    in_file = Declared(tmp_path / "connections.yaml")

    async def build() -> list[Any]:
        visit = Visit(Platform.of(Settings()), ZoneInfo("UTC"), {})
        with Client(ui.page("/"), request=None) as client:
            shows = {
                "timeline": lambda: connection_status.timeline(visit, detail),
                "schema": lambda: connection_schema.schema(visit, detail, in_file),
                "settings": lambda: connection_schema.settings(detail, in_file),
            }
            shows[tab]()
            return [*client.elements.values()]

    elements = asyncio.run(build())
    texts = [element.text for element in elements if isinstance(element, ui.label)]
    assert any("onerror" in text for text in texts), "it is shown, as a label"
    assert not [element for element in elements if isinstance(element, ContentElement)], (
        "nothing shows HTML or Markdown"
    )
    assert not [element for element in elements if "innerHTML" in element.props]
