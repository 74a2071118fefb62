"""A small table. Results of queries need a grid instead, which pages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from nicegui import ui

from console.parts import pieces

type Cell = str | Callable[[], object] | None
"""A text, a missing value, or a function that shows something."""


def show(headers: Sequence[str], rows: Sequence[Sequence[Cell]], *, numbers: Collection[int] = ()) -> None:
    """Show a table; the columns in `numbers` are at the right."""
    with opened(headers, numbers=numbers):
        for row in rows:
            with ui.element("tr"):
                for at, cell in enumerate(row):
                    _cell(cell, "number" if at in numbers else "")


def opened(headers: Sequence[str], *, numbers: Collection[int] = ()) -> ui.element:
    """Show the head of a table and return its body, for rows of the caller's own form."""
    box = ui.element("div").classes("table-box").props('tabindex="0" role="group" aria-label="Table"')
    with box, ui.element("table").classes("table") as whole, ui.element("thead"), ui.element("tr"):
        for at, header in enumerate(headers):
            pieces.text(header, "th").classes("number" if at in numbers else "").props('scope="col"')
    with whole:
        return ui.element("tbody")


def _cell(cell: Cell, classes: str) -> None:
    if cell is None:
        pieces.text("NULL", "td").classes(f"null {classes}")
    elif isinstance(cell, str):
        pieces.text(cell, "td").classes(f"cell {classes}")
    else:
        with ui.element("td").classes(classes):
            cell()
