"""Pages of the console without a browser: built in this process, with what the services answer."""

from __future__ import annotations

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from nicegui import core, ui
from nicegui.client import Client

from console.clients.platform import Platform
from console.parts.frame import Page, Visit
from console.parts.loading import Box
from console.settings import Settings

_platforms: list[Platform] = []
"""Kept, because the console's pages know what they share by the platform's id."""


def opened(monkeypatch: pytest.MonkeyPatch, page: Page, given: dict[str, Any], **parameters: str) -> str:
    """Return the text of a page when every part of it has its content; no part shows an error.

    `given` are the settings, beside those of the environment; `parameters` are the parts of the page's address.
    """

    async def build() -> tuple[list[str], list[str]]:
        monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
        platform = Platform.of(Settings.read(given))
        _platforms.append(platform)
        with Client(ui.page("/"), request=None) as client:
            page.show(Visit(platform, ZoneInfo("UTC"), parameters))
            while waiting := [each.first for each in client.elements.values() if isinstance(each, Box) if loads(each)]:
                await asyncio.wait(waiting)
            texts = [str(getattr(each, "text", "")) for each in client.elements.values()]
            alerts = [each for each in client.elements.values() if each.props.get("role") == "alert"]
            wrong = [str(getattr(inner, "text", "")) for each in alerts for inner in each.descendants()]
        await platform.close()
        return texts, wrong

    found, errors = asyncio.run(build())
    assert not errors, errors
    return "\n".join(found)


def loads(box: Box) -> bool:
    return not box.first.done()
