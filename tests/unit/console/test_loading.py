"""A part of a page that fails shows an error, whatever the exception is."""

import asyncio
import logging

import pytest
from nicegui import core, ui
from nicegui.client import Client

from console.clients.calls import ServiceError
from console.parts import loading
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


def test_what_a_service_did_not_answer_is_loaded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    async def load() -> str:
        tries.append("try")
        if len(tries) < 4:
            raise ServiceError("S3", "no answer within 10 seconds", "make logs s=localstack")
        return "rows"

    async def page() -> None:
        monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
        shown = asyncio.Event()
        with Client(ui.page("/"), request=None):
            Loaded(load, lambda _: shown.set())
            async with asyncio.timeout(5):
                await shown.wait()

    monkeypatch.setattr(loading, "RETRY_SECONDS", (0.0, 0.0))
    asyncio.run(page())
    assert len(tries) == 4


def test_a_load_that_could_lock_an_account_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    async def load() -> str:
        tries.append("try")
        raise ServiceError("Airbyte", "wrong password", "make logs s=airbyte")

    async def page() -> set[str]:
        monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
        with Client(ui.page("/"), request=None) as client:
            part = loading.loaded(load, lambda _: None, retry=False)
            await part.box.first
            for _ in range(10):
                await asyncio.sleep(0)
            return {str(getattr(each, "text", "")) for each in client.elements.values()}

    monkeypatch.setattr(loading, "RETRY_SECONDS", (0.0, 0.0))
    assert "Try again" in asyncio.run(page())
    assert tries == ["try"]
