"""The pictures of the console in docs/pictures, from a running console with data: `make pictures`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.browser import chromium

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
CONNECTOR, CONNECTION = "source-s3", "jaffle_shop_orders"


def new_source(page: Page) -> None:
    """Open the form of the S3 connector."""
    page.get_by_text(CONNECTOR).first.click()
    page.get_by_role("button", name="Check and discover").wait_for()


def connection(page: Page) -> None:
    """Open the timeline of a connection; it has a chart after two syncs."""
    page.get_by_role("link", name=CONNECTION).click()
    page.get_by_role("link", name="Timeline").click()
    page.get_by_role("cell", name="succeeded").first.wait_for()


def sql(page: Page) -> None:
    """Run the example."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".grid-box td").first.wait_for()


OPENED: dict[str, tuple[str, Callable[[Page], None] | None]] = {
    "home": ("/", None),
    "connection": ("/connections", connection),
    "new-source": ("/connections/new", new_source),
    "table": ("/tables/jaffle_trusted/dim_customers", None),
    "sql": ("/sql", sql),
}


def main(console: str, names: list[str]) -> None:
    """Write the pictures with these names, or all."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
        for name in names or OPENED:
            path, prepare = OPENED[name]
            page.goto(console + path)
            page.wait_for_function("!document.querySelector('.skeleton')")
            if prepare:
                prepare(page)
            page.wait_for_function("!document.querySelector('.skeleton')")
            page.screenshot(path=PICTURES / f"console-{name}.png")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
