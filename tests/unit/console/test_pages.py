"""How pages are served, and how the page of a log looks again, without a browser."""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from nicegui import core, ui
from nicegui.client import Client

from console.clients.airbyte import Airbyte
from console.pages import PAGES, job_log
from console.parts import frame
from console.parts.frame import Visit
from console.settings import Settings


def test_a_page_may_take_longer_than_the_three_seconds_of_nicegui(monkeypatch: pytest.MonkeyPatch) -> None:
    def page(path: str, **options: Any) -> Any:
        limits[path] = options["response_timeout"]
        return lambda build: build

    limits: dict[str, float] = {}
    monkeypatch.setattr(ui, "page", page)
    frame.register(PAGES, None)  # type: ignore[arg-type]
    assert limits.keys() == {page.path for page in PAGES}
    assert min(limits.values()) >= 20


@pytest.mark.parametrize(("job", "still_looks"), [("7", True), ("seven", False)])
def test_a_log_that_cannot_be_read_is_seldom_looked_at(
    job: str, still_looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def shown() -> ui.timer:
        monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
        with Client(ui.page("/"), request=None):
            built = job_log._LogPage(Visit(platform, ZoneInfo("UTC"), {"id": "c", "job": job}))
            await built._part.box.first
            return built._timer

    class OnlyAirbyte:
        airbyte = Airbyte(Settings.read({}), httpx.MockTransport(lambda _: httpx.Response(404)))

    platform: Any = OnlyAirbyte()
    timer = asyncio.run(shown())
    assert timer.interval == job_log.ERROR_SECONDS
    assert timer.active == still_looks
