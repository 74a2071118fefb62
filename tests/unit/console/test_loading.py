"""A part of a page that fails shows an error, whatever failed."""

import asyncio
import logging

import pytest
from nicegui import ui
from nicegui.client import Client

from console.parts.loading import Loaded


@pytest.mark.parametrize("fails", ["load", "show"])
def test_any_failure_is_shown_and_logged(
    fails: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def load() -> dict[str, int]:
        if fails == "load":
            raise RecursionError("too deep")
        return {}

    def show(found: dict[str, int]) -> None:
        ui.label("half of it")
        ui.label(str(found["missing"]))

    async def page() -> tuple[set[str], set[str]]:
        with Client(ui.page("/"), request=None) as client:
            Loaded(load, show)
            await tasks[0]
            elements = client.elements.values()
            texts = {str(getattr(each, "text", "")) for each in elements}
            return texts, {name for each in elements for name in each.classes}

    tasks: list[asyncio.Task[None]] = []
    monkeypatch.setattr("nicegui.background_tasks.create", lambda work: tasks.append(asyncio.create_task(work)))
    with caplog.at_level(logging.ERROR):
        texts, classes = asyncio.run(page())
    assert "skeleton" not in classes
    assert "error-card" in classes
    assert "half of it" not in texts
    expected = "RecursionError" if fails == "load" else "KeyError"
    assert expected in caplog.text
