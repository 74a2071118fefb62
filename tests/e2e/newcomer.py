"""A newcomer in the browser: opens the console, uploads a changed file, watches it flow, asks for the figure."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

FILE = "jaffle_shop_orders.csv"
BEFORE, AFTER = "99,85,2018-04-09,placed", "99,85,2018-04-09,completed"
"""The last order, before and after."""
QUERY = "select status as newest_status from {}_trusted.fct_orders where order_id = 99"
ANSWER = 15_000  # milliseconds
FLOW = 180_000
"""Milliseconds: the sensor looks, the file settles, the run starts, Airbyte loads, dbt builds."""


def open_console(page: Page, console: str) -> None:
    """Open the first page and wait until it shows the pipeline and every service as healthy."""
    page.goto(console)
    expect(page.locator(".picture-box", has_text="dim_customers")).to_be_visible(timeout=ANSWER)
    expect(page.locator(".line", has_text="answers in")).to_have_count(4, timeout=ANSWER)


def upload(page: Page, console: str, file: Path) -> None:
    """Upload a file over the one that is there."""
    page.goto(f"{console}/files?folder=jaffle_shop")
    expect(page.locator(".table").get_by_text(FILE, exact=True)).to_be_visible(timeout=ANSWER)
    page.locator(".uploader input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Replace", exact=True).click()
    expect(page.get_by_text(f"Uploaded: {FILE}")).to_be_visible(timeout=ANSWER)


def watch(page: Page, console: str) -> None:
    """Wait until the file has been loaded and no run works any more."""
    page.goto(f"{console}/files?folder=jaffle_shop")
    row = page.locator("tr", has_text=FILE)
    expect(row).to_contain_text("not loaded yet", timeout=ANSWER)
    expect(row).not_to_contain_text("not loaded yet", timeout=FLOW)
    page.goto(console)
    newest = page.locator(".card", has_text="Runs").locator(".line").first
    expect(newest).to_contain_text("success", timeout=FLOW)


def ask(page: Page, console: str, dataset: str, status: str) -> None:
    """Ask for the order's status by SQL and wait for the answer."""
    page.goto(f"{console}/sql")
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(QUERY.format(dataset))
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("newest_status").last).to_be_visible(timeout=ANSWER)
    expect(page.locator("main").get_by_text(status, exact=True)).to_be_visible(timeout=ANSWER)


def change(page: Page, console: str, dataset: str, file: Path, status: str) -> None:
    """Upload the file, watch it flow, and see the new figure in the mart."""
    upload(page, console, file)
    watch(page, console)
    ask(page, console, dataset, status)
