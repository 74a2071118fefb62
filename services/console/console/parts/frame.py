"""The frame of every page: header, navigation, light and dark, and the user's time zone."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import Request
from nicegui import ui

from console.clients.platform import Platform
from console.logic import times
from console.parts import loading, pieces

NARROW = 900
"""Pixels. On a narrower screen the navigation is behind a button."""
THEMES = {"light": False, "dark": True}  # without the cookie: as the system
YEAR = 31_536_000  # seconds
RESPONSE_SECONDS = 30.0
"""The time limit of building a page. It takes milliseconds; seconds on a machine that is busy with other work."""


@dataclass(frozen=True)
class Visit:
    """One opening of a page: the services, the user's time zone, and the parameters of the address."""

    platform: Platform
    zone: ZoneInfo
    parameters: Mapping[str, str]
    """The parts of the path and of the query: {"name": "orders"} for /tables/{name}."""


type Show = Callable[[Visit], Awaitable[None] | None]


@dataclass(frozen=True)
class Page:
    """One page. `show` builds its content and waits for no service: that belongs into `loading.loaded`."""

    path: str
    title: str
    show: Show
    icon: str = ""
    """The page's icon in the navigation, of Material Icons. Without one, the page is not in the navigation."""


def register(pages: Sequence[Page], platform: Platform) -> None:
    """Make NiceGUI serve the pages."""
    for page in pages:
        serve = ui.page(page.path, title=f"{page.title} · Data platform", response_timeout=RESPONSE_SECONDS)
        serve(_builder(page, pages, platform))


def _builder(page: Page, pages: Sequence[Page], platform: Platform) -> Callable[[Request], Awaitable[None]]:
    async def build(request: Request) -> None:
        zone = times.zone(request.cookies.get("zone"))
        visit = Visit(platform, zone, {**request.query_params, **request.path_params})
        dark = ui.dark_mode(THEMES.get(request.cookies.get("theme", "")))
        _frame(page, pages, dark)
        with ui.element("div").classes("page").props('id="main" tabindex="-1"'):  # inside Quasar's <main>
            shown = page.show(visit)
            if inspect.isawaitable(shown):
                await shown
        await loading.first_content()

    return build


def _frame(page: Page, pages: Sequence[Page], dark: ui.dark_mode) -> None:
    """Build the header and the navigation."""
    with ui.header().classes("top-bar"):
        menu = pieces.icon_button("o_menu", "Navigation").classes("menu-button")
        with ui.element("a").props('href="/" aria-label="Home"').classes("brand"):
            ui.element("span").classes("brand-mark")
            ui.label("Data platform")
        ui.space()
        _theme_button(dark)
    with _drawer() as drawer, ui.element("nav").props('aria-label="Pages"'):
        for other in pages:
            if other.icon:
                _entry(other, current=_section(page, pages) is other)
    menu.on("click", js_handler=f"() => getElement({drawer.id}).toggle()")
    skip = pieces.text("Skip to the content", "a").classes("skip-link").props('href="#main"')
    skip.move(ui.context.client.layout, target_index=0)  # the first that the Tab key reaches


def _drawer() -> ui.element:
    """Return the place of the navigation, which the browser alone opens and closes.

    NiceGUI's own drawer asks each browser for its state, and logs an error for a page that is left before the answer.
    """
    layout, content = ui.context.client.layout, ui.context.client.page_container
    with layout:
        drawer = ui.element("q-drawer").classes("nicegui-drawer side-bar")
    drawer.move(target_index=layout.default_slot.children.index(content))  # before the content, as it is read
    layout.props["view"] = "hhh Lpr fff"
    return drawer.props(f"side=left bordered show-if-above breakpoint={NARROW} width=208")


def _section(page: Page, pages: Sequence[Page]) -> Page:
    """Return the page of the navigation to which a page belongs: the one whose path begins its own."""
    inside = [other for other in pages if other.icon and f"{page.path}/".startswith(f"{other.path.rstrip('/')}/")]
    return max(inside, key=lambda other: len(other.path), default=page)


def _entry(page: Page, *, current: bool) -> None:
    with ui.element("a").props(f'href="{page.path}"').classes("nav-entry") as entry:
        if current:
            entry.classes("current").props('aria-current="page"')
        ui.icon(page.icon).props('aria-hidden="true"')
        ui.label(page.title)


def _theme_button(dark: ui.dark_mode) -> None:
    """Switch between light and dark, and keep the choice in a cookie."""

    async def switch() -> None:
        is_dark = await ui.run_javascript("document.body.classList.contains('body--dark')")
        theme = "light" if is_dark else "dark"
        dark.set_value(THEMES[theme])
        ui.run_javascript(f"document.cookie = 'theme={theme}; path=/; max-age={YEAR}; samesite=strict'")

    pieces.icon_button("o_contrast", "Switch between light and dark", switch)


def head(stylesheet: str) -> str:
    """Return what every page has in its head: the stylesheet, and a script that tells the server the time zone.

    At the first visit the script loads the page again, so that its times are right.
    """
    return f"""
<link rel="stylesheet" href="{stylesheet}">
<script>
  if (!/(^|; )zone=/.test(document.cookie)) {{
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    document.cookie = `zone=${{zone}}; path=/; max-age={YEAR}; samesite=strict`;
    if (zone !== "UTC" && /(^|; )zone=/.test(document.cookie)) location.reload();
  }}
</script>"""
