"""From a changed file to a changed mart in the browser alone; every page has a picture, in light and dark."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser import MISSING, PROGRAM, chromium
from tests.console_users import load

from . import newcomer, newcomer_source
from .stack import ARTIFACTS, Stack, container_memory

pytestmark = pytest.mark.skipif(PROGRAM is None and os.environ.get("CI") != "true", reason=MISSING)
GRAVE = ("serious", "critical")  # axe's words
IN_CONTAINERS = {"AWS_ENDPOINT_URL_S3": "http://localstack:4566"}
GIGABYTE = 1 << 30
UPLOADED = 180_000  # milliseconds
CLICKED = 40  # seconds
MOST_MEMORY, GROWTH = 340, 50
"""MiB: the container's limit is 384. Until all code is loaded, the memory still grows by 30 after half of the time;
a page that is not freed takes 1, and 200 are opened."""
PAGES = ("", "files", "connections", "changes", "tables", "sql", "quality", "lineage")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


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


def test_from_a_new_file_to_its_table_by_the_form(running: Stack, page: Page, tmp_path: Path) -> None:
    console, declared = running.url("CONSOLE_PORT"), running.folder / "connections.yaml"
    before = declared.read_text()
    newcomer_source.upload(page, console, tmp_path)
    texts = newcomer_source.make_source(page, console, IN_CONTAINERS | running.env)
    texts.put(running.folder)
    try:
        assert newcomer_source.NAME in running.make("plan")
        newcomer_source.see_the_plan(page, console)
        running.make("apply")
        newcomer_source.sync(page, console)
        newcomer_source.see_the_rows(page)
    finally:
        declared.write_text(before)
        for name in texts.files:
            (running.folder / name).unlink()
        running.make("apply", "o=--prune --yes")
        running.s3().delete_object(Bucket=running.env["S3_BUCKET"], Key=newcomer_source.KEY)


def test_a_file_of_one_gigabyte_is_streamed(running: Stack, page: Page, tmp_path: Path) -> None:
    """The container's limit of 384 MiB ends a console that keeps the file in memory."""
    file, started = tmp_path / "large.csv", running.container("console").attrs["State"]["StartedAt"]
    with file.open("wb") as large:
        large.truncate(GIGABYTE)  # without content on the disk
    page.goto(f"{running.url('CONSOLE_PORT')}/files?folder=large")
    page.locator(".uploader input[type=file]").set_input_files(file)
    expect(page.locator(".uploader .q-uploader__subtitle").first).to_contain_text("%", timeout=newcomer.ANSWER)
    expect(page.get_by_text("Uploaded: large.csv")).to_be_visible(timeout=UPLOADED)
    bucket, key = running.env["S3_BUCKET"], "large/large.csv"
    assert running.s3().head_object(Bucket=bucket, Key=key)["ContentLength"] == GIGABYTE
    with httpx.stream("GET", f"{running.url('CONSOLE_PORT')}/files/download?key={key}") as answer:
        assert sum(map(len, answer.iter_raw())) == GIGABYTE
    running.s3().delete_object(Bucket=bucket, Key=key)
    assert running.container("console").attrs["State"]["StartedAt"] == started, "the console was started again"


def test_twenty_users_who_click_during_a_run_leave_no_growth(running: Stack) -> None:
    console, run = running.container("console"), running.launch()
    with ThreadPoolExecutor(1) as thread:  # Playwright has an event loop in this one
        found = thread.submit(
            lambda: asyncio.run(load(running.url("CONSOLE_PORT"), lambda: container_memory(console), CLICKED))
        ).result()
    assert running.ended(run) == "SUCCESS"
    assert len(found.users.openings) > 100
    assert max(found.memory) < MOST_MEMORY, found.memory
    assert found.memory[-1] < max(found.memory[: len(found.memory) // 2]) + GROWTH, found.memory
    console.reload()
    assert console.attrs["RestartCount"] == 0, "the console was started again"


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
