"""Beside the editor: the tables, the saved queries and the newest ones."""

from __future__ import annotations

import asyncio

from nicegui import background_tasks, ui

from console.clients.calls import ServiceError
from console.clients.platform import Platform
from console.logic.shared import Shared
from console.logic.sql import words
from console.logic.sql.store import Entry, Store, StoreError
from console.logic.tables import catalog, columns
from console.logic.tables.catalog import Dataset
from console.logic.tables.columns import Columns
from console.parts import pieces, tree
from console.parts.editor import Editor
from console.parts.frame import Visit
from console.parts.loading import loaded

COLUMNS_SECONDS = 60.0
"""How long the columns that are completed are not read again."""
SHOWN = 50
PREVIEW = 160


class Side:
    """The panel with its three tabs."""

    def __init__(self, visit: Visit, store: Store, editor: Editor) -> None:
        """Build the panel."""
        self._visit, self._store, self._editor = visit, store, editor
        self._client = ui.context.client
        self._reading = 0
        with ui.element("aside").classes("card side").props('aria-label="Tables and queries"'):
            with ui.tabs().props("dense no-caps align=left") as tabs:
                names = [ui.tab(name) for name in ("Tables", "Saved", "History")]
            with ui.tab_panels(tabs, value=names[0], animated=False):
                with ui.tab_panel(names[0]):
                    loaded(lambda: catalog.datasets(visit.platform.warehouse), self._tables)
                with ui.tab_panel(names[1]):
                    self._saved = ui.element("div").classes("queries")
                with ui.tab_panel(names[2]):
                    search = ui.input(placeholder="Search history", on_change=self.refresh)
                    search.props('outlined dense clearable debounce=200 aria-label="Search history"').classes("search")
                    self._search = search
                    self._history = ui.element("div").classes("queries")
        self.refresh()

    def refresh(self) -> None:
        """Show the queries as they are now. They are read in a thread, because the disk may be slow."""
        self._reading += 1
        background_tasks.create(self._refreshed(self._reading))

    async def _refreshed(self, number: int) -> None:
        def read() -> tuple[list[Entry], list[Entry]]:
            return self._store.saved(), self._store.history(self._search.value or "", SHOWN + 1)

        found: tuple[list[Entry], list[Entry]] | StoreError
        try:
            found = await asyncio.to_thread(read)
        except StoreError as error:
            found = error
        if number == self._reading and not self._saved.is_deleted:  # else a newer search has been asked for
            self._draw(found)

    def _draw(self, read: tuple[list[Entry], list[Entry]] | StoreError) -> None:
        self._saved.clear()
        self._history.clear()
        if isinstance(read, StoreError):
            for box in (self._saved, self._history):
                with box:
                    pieces.empty("Not available", str(read), "o_error_outline")
            return
        found, entries = read
        with self._saved:
            for entry in found:
                self._query(entry, entry.name)
            if not found:
                pieces.empty("Nothing is saved", "Save keeps the text of the editor under a name.", "o_bookmark_border")
        with self._history:
            for entry in entries[:SHOWN]:
                self._query(entry, "")
            if not entries:
                pieces.empty("No queries", "Each query that you run is kept here.", "o_history")
            if len(entries) > SHOWN:
                pieces.text("There are older ones: search by a word of them.").classes("muted")

    async def save(self) -> None:
        """Ask for a name, and save the text of the editor."""
        with ui.dialog(value=True) as dialog, ui.element("div").classes("dialog-card"):
            dialog.props('aria-label="Save the query"')
            pieces.text("Save the query", "h2")
            name = ui.input("Name").props("outlined dense autofocus").classes("grow")
            name.on("keydown.enter", lambda: dialog.submit(name.value))
            with ui.element("div").classes("dialog-actions"):
                pieces.quiet_button("Cancel", lambda: dialog.submit(None))
                pieces.button("Save", lambda: dialog.submit(name.value))
        given = await pieces.answer(dialog)
        if given is None:
            return
        title = " ".join(str(given).split())
        try:
            saved = await asyncio.to_thread(self._store.saved)
            if title in {entry.name for entry in saved} and not await pieces.confirm(
                "Replace the saved query?", f"A query is saved as {title!r}. Its text is replaced.", "Replace"
            ):
                return
            await asyncio.to_thread(self._store.save, title, self._editor.text)
        except (ValueError, StoreError) as error:
            pieces.told(str(error), bad=True)
            return
        pieces.told(f"Saved as {title!r}")
        self.refresh()

    def _query(self, entry: Entry, name: str) -> None:
        with ui.element("div").classes("query"):
            with ui.element("button").props('type="button"').classes("query-open") as opening:
                if name:
                    pieces.text(name).classes("strong break")
                pieces.text(entry.sql.strip()[:PREVIEW]).classes("mono query-sql")
                if not name:
                    pieces.text(f"{entry.state} · {entry.detail}"[:PREVIEW]).classes(
                        "muted small" if entry.state == "done" else "bad small"
                    )
                pieces.when(entry.at, self._visit.zone).classes("muted small")
            opening.on("click", lambda: self._put(entry))
            if name:
                label = pieces.props(aria_label=f"Delete {name}")
                remove = ui.button(icon="o_delete", on_click=lambda: self._forget(name))
                remove.props(f"flat round dense size=sm {label}")

    async def _put(self, entry: Entry) -> None:
        """Put the whole text of a query into the editor."""
        try:
            found = await asyncio.to_thread(self._store.text, entry)
        except StoreError as error:
            pieces.told(str(error), bad=True)
            return
        if found is None:
            pieces.told("This query has been deleted meanwhile.", bad=True)
            return
        self._editor.set_text(found)

    async def _forget(self, name: str) -> None:
        # Not in the button's place, which is shown anew when a query ends.
        with self._client:
            if await pieces.confirm("Delete the saved query?", f"{name!r} is deleted.", "Delete", danger=True):
                try:
                    await asyncio.to_thread(self._store.forget, name)
                except StoreError as error:
                    pieces.told(str(error), bad=True)
                self.refresh()

    def _tables(self, datasets: list[Dataset]) -> None:
        tree.Tree(datasets, self._table)
        self._editor.offer(words.offers(datasets, {}))
        background_tasks.create(self._columns(datasets))

    def _table(self, table: catalog.Entry) -> None:
        with ui.element("button").props('type="button"').classes("tree-entry") as button:
            ui.icon(tree.icon(table)).props('aria-hidden="true"')
            pieces.text(table.name)
        button.props(pieces.props(title=f"Put {table.path} into the editor"))
        button.on("click", lambda: self._editor.insert(table.path))

    async def _columns(self, datasets: list[Dataset]) -> None:
        """Complete the columns too, when they are known; without them, tables and words are completed."""
        try:
            known = await _known_columns(self._visit.platform)()
        except ServiceError:
            return
        if not self._saved.is_deleted:
            with self._saved:  # the page that the editor is in
                self._editor.offer(words.offers(datasets, known))


_columns: dict[int, Shared[Columns]] = {}


def _known_columns(platform: Platform) -> Shared[Columns]:
    """Return the one question for the columns that all open pages ask together."""
    if id(platform) not in _columns:
        _columns[id(platform)] = Shared(lambda: columns.read(platform), COLUMNS_SECONDS)
    return _columns[id(platform)]
