"""Datasets with their tables, to unfold, with a search field."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import events, ui

from console.logic.sizes import count
from console.logic.tables.catalog import Dataset, Entry, matching
from console.parts import pieces

MOST_SHOWN = 300
"""Tables of one dataset that are shown; the search finds the others."""
ICONS = {"view": "o_visibility", "materialized view": "o_visibility", "external table": "o_link"}

type Put = Callable[[Entry], None]


class Tree:
    """The tree. `put` shows one table as a link or a button."""

    def __init__(self, datasets: list[Dataset], put: Put, current: str = "") -> None:
        """Show the datasets; the one of `current` (`dataset.table`) is unfolded, and all of them if they are few."""
        self._datasets, self._put, self._current = datasets, put, current
        field = ui.input(placeholder="Search tables", on_change=self._searched).props("outlined dense clearable")
        field.props('aria-label="Search tables" debounce=200').classes("search")
        with ui.element("div").classes("tree") as self._box:
            self._show(datasets, "")

    def _searched(self, event: events.ValueChangeEventArguments[str | None]) -> None:
        text = event.value or ""
        self._box.clear()
        with self._box:
            self._show(matching(self._datasets, text), text)

    def _show(self, datasets: list[Dataset], text: str) -> None:
        if not datasets:
            pieces.text(
                f"No table has {text!r} in its name."
                if text
                else "No dataset yet. Load the files: the button Materialize all on Home."
            ).classes("muted")
        few = sum(len(each.tables) for each in datasets) <= 40
        for dataset in datasets:
            with ui.element("details") as box:
                if text or few or self._current.startswith(f"{dataset.name}."):
                    box.props("open")
                with ui.element("summary"):
                    pieces.text(dataset.name).classes("break")
                    pieces.text(f"{len(dataset.tables):,}{'+' * dataset.is_cut}").classes("muted")
                with ui.element("ul"):
                    for table in dataset.tables[:MOST_SHOWN]:
                        with ui.element("li"):
                            self._put(table)
                    if not dataset.tables:
                        pieces.text("no tables", "li").classes("muted")
                    if len(dataset.tables) > MOST_SHOWN:
                        rest = count(len(dataset.tables) - MOST_SHOWN, "more table")
                        pieces.text(f"and {rest}: search by name", "li").classes("muted")


def icon(table: Entry) -> str:
    """Return the icon of a table's kind."""
    return ICONS.get(table.kind, "o_table_chart")
