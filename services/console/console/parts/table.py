"""A plain table: for lists that have no more rows than a page shows."""

from __future__ import annotations

from collections.abc import Collection

from nicegui import ui

from console.parts import pieces


def table(*titles: str, numbers: Collection[str] = ()) -> ui.element:
    """Open a table with these columns; the caller adds the rows in it. `numbers`: the columns of numbers."""
    with ui.element("div").classes("table-box"), ui.element("table").classes("table") as shown:
        with ui.element("thead"), ui.element("tr"):
            for title in titles:
                pieces.text(title, "th").classes("number" if title in numbers else "")
        with shown:
            return ui.element("tbody")
