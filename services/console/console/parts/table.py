"""A plain table: for lists that have no more rows than a page shows."""

from __future__ import annotations

from nicegui import ui

from console.parts import pieces


def table(*titles: str) -> ui.element:
    """Open a table with these columns; the caller adds the rows in it."""
    with ui.element("div").classes("table-box"), ui.element("table").classes("table") as shown:
        with ui.element("thead"), ui.element("tr"):
            for title in titles:
                pieces.text(title, "th")
        with shown:
            return ui.element("tbody")
