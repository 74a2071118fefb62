"""The ASGI application: the pages, their static files, and the guards before them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from console.clients.platform import Platform
from console.pages import PAGES, ROUTES
from console.parts import frame
from console.security import HEALTH, Password, SafeHeaders
from platform_kit.hosts import Application, HostGuard

STATIC = Path(__file__).with_name("static")
RECONNECT_SECONDS = 10.0
"""How long a page's state is kept after its connection is lost; afterwards the browser loads the page again."""
COLORS = {"primary": "#0f766e", "positive": "#15803d", "negative": "#b91c1c", "warning": "#b45309", "dark": "#18181b"}


def create(platform: Platform) -> Application:
    """Return the application for these services."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await platform.close()

    api = FastAPI(lifespan=lifespan, openapi_url=None)
    style = (STATIC / "console.css").read_bytes()
    api.mount("/static", StaticFiles(directory=STATIC))
    for add in ROUTES:
        add(api, platform)
    ui.add_head_html(frame.head(f"/static/console.css?{hashlib.sha256(style).hexdigest()[:8]}"), shared=True)
    nicegui_app.colors(**COLORS)
    frame.register(PAGES, platform)

    @api.get(HEALTH)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    ui.run_with(
        api,
        title="Data platform",
        favicon=STATIC / "favicon.svg",
        dark=None,
        language="en-US",
        tailwind=False,
        reconnect_timeout=RECONNECT_SECONDS,
        show_welcome_message=False,
        gzip_middleware_factory=None,  # GZipMiddleware below compresses after SafeHeaders has written the nonces
    )
    guarded: Application = GZipMiddleware(SafeHeaders(api), compresslevel=5)
    if platform.settings.password:
        guarded = Password(guarded, platform.settings.password)
    return HostGuard(guarded, platform.settings.names, needs_origin=True)
