"""From a changed file to a changed mart in the browser alone; every page has a picture, in light and dark."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from . import newcomer
from .stack import ARTIFACTS, Stack
from .test_1_platform import BROWSER

pytestmark = pytest.mark.skipif(
    BROWSER is None and os.environ.get("CI") != "true", reason="no Chromium: apt-get install chromium"
)
GRAVE = ("serious", "critical")  # axe's words
PAGES = ("", "files", "connections", "changes", "tables", "sql", "quality", "lineage")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
    page.close()


def test_from_a_changed_file_to_the_mart_by_the_browser_alone(running: Stack, page: Page, tmp_path: Path) -> None:
    console, dataset = running.url("CONSOLE_PORT"), running.env.get("BQ_DATASET", "jaffle")
    seed = (running.folder / "seed_data" / newcomer.FILE).read_text()
    file = tmp_path / newcomer.FILE
    newcomer.open_console(page, console)
    for before, after in ((newcomer.BEFORE, newcomer.AFTER), (newcomer.AFTER, newcomer.BEFORE)):
        assert before in seed
        seed = seed.replace(before, after)
        file.write_text(seed)
        newcomer.change(page, console, dataset, file, after.rpartition(",")[2])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_there_and_fits_the_screen(running: Stack, browser: Browser, width: int, theme: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    dark = theme == "dark"
    context = browser.new_context(
        viewport={"width": width, "height": 860}, color_scheme="dark" if dark else "light", bypass_csp=True
    )  # for axe
    page = context.new_page()
    for name in PAGES:
        page.goto(f"{running.url('CONSOLE_PORT')}/{name}")
        page.locator("main h1").wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=ARTIFACTS / f"console-{name or 'home'}-{width}-{theme}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"/{name} is too wide"
        assert page.locator("[role=alert]").count() == 0, page.locator("[role=alert]").first.text_content()
        found = Axe().run(page).response["violations"]
        assert [(item["id"], item["nodes"][0]["html"]) for item in found if item["impact"] in GRAVE] == []
    context.close()
