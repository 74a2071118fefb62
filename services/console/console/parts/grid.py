"""Rows in the browser, page by page. The HTML comes from console.logic.sql.html, where every value is escaped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import events, ui

from console.clients.calls import ServiceError
from console.logic.sql.html import extent, table
from console.logic.sql.results import Column, Page
from console.logic.sql.values import Cell
from console.parts import pieces

CLICK = """(event) => {
  const button = event.target.closest("button[data-column]");
  if (button) emit([Number(button.dataset.row), Number(button.dataset.column)]);
}"""

type Turn = Callable[[int], Awaitable[Page]]
"""Returns the page that begins at a row."""
type Open = Callable[[int, int], Awaitable[Cell]]
"""Returns one value, by the number of its row and its column."""


class Grid:
    """A page of rows with the buttons for the next ones. Long values are cut; a click shows them whole."""

    def __init__(self, page: Page, turn: Turn, open_value: Open) -> None:
        """Show the first page."""
        self._page, self._turn, self._open = page, turn, open_value
        with ui.element("div").classes("grid"):
            self._table = ui.html(table(page), sanitize=False).classes("table-box grid-box")
            self._table.props('tabindex="0" role="region" aria-label="Rows"')
            self._table.on("click", self._clicked, js_handler=CLICK)
            with ui.element("div").classes("grid-foot"):
                self._told = pieces.text(extent(page)).classes("muted").props('aria-live="polite"')
                ui.space()
                self._back = _arrow("o_chevron_left", "Earlier rows", lambda: self._go(-1))
                self._next = _arrow("o_chevron_right", "Later rows", lambda: self._go(1))
        self._step = max(1, len(page.rows))
        self._arrows()

    async def _go(self, direction: int) -> None:
        first = max(0, self._page.first + direction * self._step)
        self._back.disable()
        self._next.disable()
        try:
            self._page = await self._turn(first)
        except ServiceError as problem:
            pieces.told(str(problem), bad=True)
        else:
            self._table.set_content(table(self._page))
            self._told.set_text(extent(self._page))  # type: ignore[attr-defined]
        self._arrows()

    def _arrows(self) -> None:
        self._back.set_enabled(self._page.first > 0)
        self._next.set_enabled(self._page.first + len(self._page.rows) < self._page.total)

    async def _clicked(self, event: events.GenericEventArguments) -> None:
        row, number = (int(each) for each in event.args)
        if not 0 <= number < len(self._page.columns):
            return
        try:
            found = await self._open(row, number)
        except ServiceError as problem:
            pieces.told(str(problem), bad=True)
            return
        show_value(self._page.columns[number], row, found)


def show_value(column: Column, row: int, found: Cell) -> None:
    """Show one value whole, in a dialog."""
    with ui.dialog(value=True) as dialog, ui.element("div").classes("dialog-card big"):
        dialog.props(pieces.props(aria_label=column.name))
        pieces.text(column.name, "h2")
        pieces.text(f"{column.type}, row {row + 1:,}").classes("muted")
        pieces.text(found.text, "pre").classes("code value")
        if found.length:
            pieces.text(
                f"The first {len(found.text):,} of {found.length:,} characters. A download has the whole value."
            )
        with ui.element("div").classes("dialog-actions"):
            pieces.quiet_button("Close", dialog.close)
    dialog.on("hide", dialog.delete)


def _arrow(icon: str, label: str, action: Callable[[], Awaitable[None]]) -> ui.button:
    return ui.button(icon=icon, on_click=action).props(f'flat round dense aria-label="{label}"')
