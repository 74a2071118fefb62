"""A page of rows as an HTML table. This is the only place that makes HTML of data: every name and value is escaped."""

from __future__ import annotations

from html import escape

from console.logic.sql.results import Column, Page
from console.logic.sql.values import Cell

TYPE_LENGTH = 40
"""Characters of a type in the head of a column."""


def table(page: Page) -> str:
    """Return the rows as an HTML table. Names and values are escaped, so that HTML in them is text."""
    head = "".join(
        f'<th scope="col"{_class(column)}><span dir="auto">{escape(column.name)}</span>'
        f'<span class="type">{escape(_short(column.type))}</span></th>'
        for column in page.columns
    )
    body = "".join(_row(page, number) for number in range(len(page.rows)))
    head = f'<thead><tr><th class="number">#</th>{head}</tr></thead>'
    return f'<table class="table rows">{head}<tbody>{body}</tbody></table>'


def extent(page: Page) -> str:
    """Return which rows are shown: `1 to 100 of 4,200 rows`."""
    if not page.total:
        return "no rows"
    last = page.first + len(page.rows)
    return f"{page.first + 1:,} to {last:,} of {page.total:,} row{'s' * (page.total != 1)}"


def _row(page: Page, number: int) -> str:
    row = page.first + number
    cells = "".join(
        _cell(cell, column, row, place)
        for place, (cell, column) in enumerate(zip(page.rows[number], page.columns, strict=True))
    )
    return f'<tr><td class="number muted">{row + 1:,}</td>{cells}</tr>'


def _cell(cell: Cell, column: Column, row: int, place: int) -> str:
    if cell.is_null:
        return f'<td{_class(column)}><span class="null">NULL</span></td>'
    more = ""
    if cell.length:
        label = f"Show all {cell.length:,} characters"
        more = (
            f'<button type="button" class="more" data-row="{row}" data-column="{place}" title="{label}" '
            f'aria-label="{label}">…</button>'
        )
    return f'<td{_class(column)}><div class="cell" dir="auto">{escape(cell.text)}</div>{more}</td>'


def _class(column: Column) -> str:
    return ' class="number"' if column.is_number else ""


def _short(name: str) -> str:
    return name if len(name) <= TYPE_LENGTH else f"{name[: TYPE_LENGTH - 1]}…"
