"""How fast the console's pages open and answer, in Chromium."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from benchmarks.rounds import Deadline, say, shown

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGES = {
    "home": "",
    "tables": "tables",
    "connections": "connections",
    "quality": "quality",
    "files": "files",
    "SQL": "sql",
    "lineage": "lineage",
}
"""Between two pages that share answers (home and files, tables and SQL, quality and lineage) there are two others."""
TIMES = 3
PAUSE = 5_000  # milliseconds
"""Before a page is opened. The console shares an answer among all pages for 3 to 10 seconds, and a page that was left
goes on asking for 10 seconds. With the order of the pages and this pause, each page asks its services anew."""
DEADLINE = 20_000  # milliseconds
Actions = dict[str, Callable[[], float]]


class PageError(Exception):
    """A page that shows an error in place of its content. The message is the error's text."""


def measure(console: str, deadline: Deadline) -> dict[str, Any]:
    """Return {page or action: {"seconds": those of each try, "error": why the last one failed}}.

    A page is open when everything that it asks its services for is shown. Raises RuntimeError without a browser.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise RuntimeError("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = running.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(DEADLINE)
        open_page(page, console)  # the first one loads the scripts into the browser's cache
        opened: Actions = {
            f"open {name}": partial(open_anew, page, f"{console}/{path}") for name, path in PAGES.items()
        }
        clicked: Actions = {
            "show a dialog": partial(dialog, page, console),
            "run a query": partial(query, page, console),
        }
        found = tried(opened, deadline) | tried(clicked, deadline)
        running.close()
    return found


def tried(actions: Actions, deadline: Deadline) -> dict[str, Any]:
    """Try all actions in turn, TIMES times. One that fails is told and not tried again; the others go on.

    After the deadline nothing is begun, but each action is tried once.
    """
    found: dict[str, Any] = {name: {"seconds": []} for name in actions}
    for round_ in range(TIMES):
        for name, action in actions.items():
            if "error" in found[name] or (round_ and deadline.is_over):
                continue
            try:
                found[name]["seconds"].append(action())
            except (PlaywrightError, PageError) as error:
                found[name]["error"] = shown(error)
    for name, entry in found.items():
        say(f"    {name}: {entry}")
    return found


def timed(action: Callable[[], None]) -> float:
    """Return the seconds that a call takes."""
    started = time.monotonic()
    action()
    return round(time.monotonic() - started, 3)


def open_anew(page: Page, address: str) -> float:
    """Leave the open page, wait until its answers are old, and return the seconds until the next one is open."""
    page.goto("about:blank")
    page.wait_for_timeout(PAUSE)
    return timed(partial(open_page, page, address))


def open_page(page: Page, address: str) -> None:
    """Open a page and wait until nothing of it is loading any more. Raises PageError when it then shows an error."""
    page.goto(address)
    page.locator("main h1").wait_for()
    page.wait_for_function("!document.querySelector('.loaded[aria-busy]')")
    if errors := page.locator(".error-card p").all_inner_texts():
        raise PageError(f"the page shows an error: {errors[0]}")


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
