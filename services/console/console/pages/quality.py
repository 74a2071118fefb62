"""Quality: every check with its last result, failures first."""

from __future__ import annotations

from nicegui import events, ui

from console.logic import checks as all_checks
from console.logic.checks import Check
from console.logic.sizes import count
from console.pages import check_rows
from console.parts import pieces
from console.parts.frame import Page, Visit
from console.parts.loading import loaded

SECONDS = 15.0
SHOWN = 100
"""Checks that are shown; the search finds the others."""


class Quality:
    """One opened page: the checks as they are now, and what is searched for."""

    def __init__(self, visit: Visit) -> None:
        """Build the page."""
        self._visit = visit
        self._state, self._text = visit.parameters.get("state", ""), visit.parameters.get("q", "")
        self._checks: list[Check] = []
        with pieces.heading("Quality", "The checks of all tables, failures first"):
            pass
        loaded(lambda: all_checks.every(visit.platform.dagster), self._show, every=SECONDS, lines=8)

    def _show(self, found: list[Check]) -> None:
        self._checks = found
        if not found:
            with pieces.card():
                pieces.empty(
                    "No checks yet", "Dagster has no asset checks. Start the pipeline: make run", "o_fact_check"
                )
            return
        with ui.element("div").classes("stack"):
            self._content(found)

    def _content(self, found: list[Check]) -> None:
        with ui.element("div").classes("filters").props('role="group" aria-label="Show"'):
            self._filter("", f"all {len(found)}")
            for state, number in all_checks.counts(found).items():
                self._filter(state, f"{number} {state}")
            search = ui.input(placeholder="Search checks", value=self._text, on_change=self._searched)
            search.props('outlined dense clearable debounce=200 aria-label="Search checks"').classes("grow")
        if all(check.state == "not run" for check in found):
            pieces.text("The checks run with the tables: the button Materialize all on Home.", "p").classes("muted")
        with pieces.card():
            self._box = ui.element("div")
        self._list()

    def _filter(self, state: str, label: str) -> None:
        def choose() -> None:
            self._state = state
            for name, other in self._buttons.items():
                other.props(f'aria-pressed="{str(name == state).lower()}"')
            self._list()

        if not state:
            self._buttons: dict[str, ui.element] = {}
        button = ui.element("button").props('type="button"').classes("filter")
        button.props(f'aria-pressed="{str(state == self._state).lower()}"').on("click", choose)
        with button:
            pieces.chip(state, label) if state else pieces.text(label)
        self._buttons[state] = button

    def _searched(self, event: events.ValueChangeEventArguments[str | None]) -> None:
        self._text = event.value or ""
        self._list()

    def _list(self) -> None:
        chosen = all_checks.chosen(self._checks, self._state, self._text)
        self._box.clear()
        with self._box:
            if not chosen:
                pieces.empty("No check fits", "Choose another state, or search for less.", "o_search_off")
                return
            check_rows.show(self._visit, chosen[:SHOWN], with_asset=True)
            if len(chosen) > SHOWN:
                pieces.text(f"and {count(len(chosen) - SHOWN, 'more check')}: search by name").classes("muted")


def show(visit: Visit) -> None:
    """Build the page."""
    Quality(visit)


PAGE = Page("/quality", "Quality", show, icon="o_fact_check")
