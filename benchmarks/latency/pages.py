"""How fast the console's pages open and answer, in Chromium."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from benchmarks.rounds import say, shown

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGES = {
    "home": "",
    "files": "files",
    "connections": "connections",
    "tables": "tables",
    "SQL": "sql",
    "quality": "quality",
    "lineage": "lineage",
}
TIMES = 5
DEADLINE = 20_000  # milliseconds


def measure(console: str) -> dict[str, Any]:
    """Return {page or action: {"seconds": those of each try}}, or {"error": reason} in its place.

    A page is open when everything that it asks its services for is shown. Raises RuntimeError without a browser.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise RuntimeError("no Chromium on this machine (Debian: apt-get install chromium)")
    found: dict[str, Any] = {}
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = running.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(DEADLINE)
        open_page(page, console)  # the first one loads the scripts into the browser's cache
        actions: dict[str, Callable[[], float]] = {
            f"open {name}": partial(timed, partial(open_page, page, f"{console}/{path}"))
            for name, path in PAGES.items()
        }
        actions |= {"show a dialog": partial(dialog, page, console), "run a query": partial(query, page, console)}
        for name, action in actions.items():
            try:
                found[name] = {"seconds": [action() for _ in range(TIMES)]}
            except PlaywrightError as error:
                found[name] = {"error": shown(error)}
            say(f"    {name}: {found[name]}")
        running.close()
    return found


def timed(action: Callable[[], None]) -> float:
    """Return the seconds that a call takes."""
    started = time.monotonic()
    action()
    return round(time.monotonic() - started, 3)


def open_page(page: Page, address: str) -> None:
    """Open a page and wait until nothing of it is loading any more."""
    page.goto(address)
    page.locator("main h1").wait_for()
    page.wait_for_function("!document.querySelector('.loaded[aria-busy]')")


def dialog(page: Page, console: str) -> float:
    """Return the seconds from the click on *Materialize all* to the question whether to do so."""
    open_page(page, console)
    page.wait_for_load_state("networkidle")

    def ask() -> None:
        page.get_by_role("button", name="Materialize all").first.click()
        page.get_by_text("Materialize all tables?").wait_for()

    seconds = timed(ask)
    page.keyboard.press("Escape")
    return seconds


def query(page: Page, console: str) -> float:
    """Return the seconds from the click on *Run* to the result of a small query."""
    open_page(page, f"{console}/sql?q=select concat('ans', 'wer') as found")
    page.wait_for_load_state("networkidle")

    def run() -> None:
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator("main").get_by_text("answer", exact=True).first.wait_for()

    return timed(run)
