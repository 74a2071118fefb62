"""Connections: the list with states and filter, 50 on a page."""

from __future__ import annotations

from nicegui import ui

from console.clients.platform import Platform
from console.logic.airbyte import declared, listing
from console.logic.airbyte.declared import Declared
from console.logic.airbyte.listing import Known, Summary
from console.logic.airbyte.states import MEANINGS, State
from console.logic.shared import Shared
from console.parts import pieces, table
from console.parts.frame import Page, Visit
from console.parts.loading import loaded

SECONDS = 5.0
"""Between two looks at the states."""

LOAD_SECONDS = 30.0
SHARED_SECONDS = 3.0
"""How long open pages share one answer."""

type Found = tuple[list[Summary], Declared]


class _List:
    """The list, its filter and its page."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._text, self._states, self._page = "", list[str](), 1
        self._found: Found | None = None
        with ui.element("div").classes("filters"):
            search = ui.input(placeholder="Filter by name, source or destination", on_change=self._search)
            search.props('outlined dense clearable debounce=150 aria-label="Filter by name, source or destination"')
            search.classes("grow")
            self._chosen = ui.select([*map(str, State)], multiple=True, label="State", on_change=self._choose)
            self._chosen.props("outlined dense use-chips options-dense clearable").classes("state-filter")
        self._box: ui.element | None = None
        loaded(_all(visit.platform), self._keep, every=SECONDS, lines=6)

    def _keep(self, found: Found) -> None:
        self._found = found
        self._box = ui.element("div").classes("stack")
        self._draw()

    def _search(self, event: object) -> None:
        self._text, self._page = str(getattr(event, "value", "") or ""), 1
        self._draw()

    def _choose(self, event: object) -> None:
        self._states, self._page = [*(getattr(event, "value", None) or [])], 1
        self._draw()

    def _turn(self, to: int) -> None:
        self._page = to
        self._draw()

    def _draw(self) -> None:
        if self._found is None or self._box is None or self._box.is_deleted:
            return
        everything, in_file = self._found
        matching = listing.matching(everything, self._text, self._states)
        shown, self._page, pages = listing.page_of(matching, self._page)
        self._box.clear()
        with self._box:
            if in_file.mistake:
                pieces.text(in_file.mistake, "pre").classes("code mistake")
            if not everything:
                pieces.empty("No connection yet", "Declare one in connections.yaml, then: make apply", "o_cable")
            elif not matching:
                pieces.empty("No connection matches the filter", "Clear the filter to see all.", "o_filter_alt")
            else:
                _counts(matching)
                _table(shown, in_file, self._visit)
            if pages > 1:
                with ui.element("nav").classes("line pages").props('aria-label="Pages of the list"'):
                    pieces.text(f"Page {self._page} of {pages} · {len(matching)} connections").classes("muted grow")
                    earlier = pieces.quiet_button("Earlier", lambda: self._turn(self._page - 1))
                    later = pieces.quiet_button("Later", lambda: self._turn(self._page + 1))
                    earlier.set_enabled(self._page > 1)
                    later.set_enabled(self._page < pages)


_asked: dict[int, Shared[Found]] = {}


def _all(platform: Platform) -> Shared[Found]:
    """Return the question for all connections, which open pages share."""
    known = Known()

    async def ask() -> Found:
        service = platform.airbyte.service
        in_file = await service.call(declared.read, platform.settings.connections_file)
        asked = listing.connections(platform.airbyte, in_file.workspace or None, known)
        return await service.awaited(asked, LOAD_SECONDS), in_file

    return _asked.setdefault(id(platform), Shared(ask, SHARED_SECONDS))


def _counts(found: list[Summary]) -> None:
    with ui.element("div").classes("counts"):
        for state in State:
            if count := sum(one.state is state for one in found):
                pieces.chip(state, f"{count} {state}").props(pieces.props(title=MEANINGS[state]))


def _table(found: list[Summary], in_file: Declared, visit: Visit) -> None:
    headers = ("State", "Connection", "From", "To", "Streams", "Schedule", "Last job", "In the file")
    with table.opened(headers, numbers={4}):
        for one in found:
            with ui.element("tr"):
                with ui.element("td"):
                    pieces.chip(one.state).props(pieces.props(title=MEANINGS[one.state]))
                with ui.element("td"):
                    pieces.link(one.name, f"/connections/{one.id}").classes("name")
                pieces.text(one.source, "td")
                pieces.text(one.destination, "td")
                pieces.text(str(one.streams), "td").classes("number")
                pieces.text(one.schedule, "td").classes("nowrap")
                with ui.element("td"):
                    pieces.when(one.job.created if one.job else None, visit.zone)
                pieces.text(in_file.words("connection", one.name), "td").classes("muted nowrap")


def show(visit: Visit) -> None:
    """Build the page."""
    with pieces.heading("Connections", "What Airbyte loads, from which source into which table."):
        pieces.quiet_button("Changes", lambda: ui.navigate.to("/changes"), "o_difference")
        pieces.button("New source", lambda: ui.navigate.to("/connections/new"), "o_add")
    _List(visit)


PAGE = Page("/connections", "Connections", show, icon="o_cable")
