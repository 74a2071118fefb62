"""SQL: an editor, the rows of the result, saved queries and the newest ones."""

from __future__ import annotations

import asyncio

from nicegui import ui

from console.clients.calls import ServiceError
from console.logic.sizes import count, size
from console.logic.sql import results, running
from console.logic.sql.running import Estimate, Limits, Outcome, QueryError, Running
from console.logic.sql.statements import Chosen, consequence, is_blank
from console.logic.sql.store import Store, StoreError
from console.logic.times import short
from console.pages import sql_side
from console.parts import pieces
from console.parts.editor import Editor
from console.parts.frame import Page, Visit
from console.parts.grid import Grid

ESTIMATE_SECONDS = 0.8
"""Seconds between two looks at the text; when it has changed, its bytes are asked for."""
LONGEST_ESTIMATE = 100_000
"""Characters of a text that is still estimated while it is written."""
FORMATS = {"csv": "CSV", "jsonl": "JSON lines", "parquet": "Parquet"}
EXAMPLE = "select *\nfrom {dataset}_trusted.dim_customers\nlimit 100\n"
NO_TABLES = "The table of this example is not made yet: the button Materialize all on Home makes it."


class Workbench:
    """One opened SQL page."""

    def __init__(self, visit: Visit) -> None:
        """Build the page."""
        settings = visit.platform.settings
        self._warehouse = visit.platform.warehouse
        self._limits = Limits(settings.sql_seconds, settings.sql_rows, settings.maximum_bytes_billed)
        self._store = Store(settings.data_directory, settings.sql_history)
        self._running: Running | None = None
        self._starting = False
        self._estimated = ""
        self._example = EXAMPLE.format(dataset=settings.dataset)
        first = visit.parameters.get("q") or self._example
        with ui.element("div").classes("workbench"):
            with ui.element("div").classes("stack"):
                with pieces.card():
                    self._editor = Editor(first, self.run)
                    self._bar()
                self._result = ui.element("div").classes("stack").props('aria-live="polite"')
            self._side = sql_side.Side(visit, self._store, self._editor)
        ui.timer(ESTIMATE_SECONDS, self._estimate)
        with self._result:
            pieces.empty("No result yet", "Write a query and press Ctrl+Enter. A selection runs alone.", "o_table_rows")

    def _bar(self) -> None:
        with ui.element("div").classes("editor-bar"):
            self._run = pieces.button("Run", self.run, "o_play_arrow").props('title="Ctrl+Enter"')
            self._cancel = pieces.quiet_button("Cancel", self._stop, "o_stop")
            self._cancel.set_visibility(False)
            self._told = pieces.Text("", "span").classes("muted grow").props('role="status"')
            pieces.quiet_button("Save", lambda: self._side.save(), "o_bookmark_border")

    async def run(self) -> None:
        """Run the selection or the whole text; ask first if it writes."""
        if self._running or self._starting:
            return
        self._starting = True  # before the first await: a second Ctrl+Enter must not start a second run
        try:
            await self._run_selected()
        finally:
            self._starting = False

    async def _run_selected(self) -> None:
        try:
            sent = await self._editor.selected()
        except TimeoutError:
            pieces.told("The browser did not answer. Try again.", bad=True)
            return
        if is_blank(sent.sql):
            pieces.told("The editor has no statement.", bad=True)
            return
        self._editor.mark(None)
        query = self._running = Running(sent)
        self._busy(True)
        try:
            await self._agreed_and_run(query)
        except QueryError as error:
            await self._failed(sent, error)
        except ServiceError as problem:
            self._result.clear()
            with self._result:
                pieces.error(problem)
            await self._remember(sent, "failed", str(problem))
        finally:
            self._running = None
            self._busy(False)
            self._side.refresh()

    async def _agreed_and_run(self, query: Running) -> None:
        self._told.set_text("Asking BigQuery what the statement would do …")
        plan = await running.estimate(self._warehouse, query.sent, self._limits)
        if plan.writes and not query.is_cancelled:
            text = consequence(plan.kind, plan.target, plan.bytes)
            if not await pieces.confirm("Run a statement that writes?", text, "Run"):
                self._told.set_text("Not run.")
                return
        self._told.set_text(f"Running … {_reads(plan)}")
        outcome = await running.run(self._warehouse, query, self._limits)
        detail = self._summary(outcome)
        self._told.set_text(detail)
        await self._show(outcome)
        await self._remember(query.sent, "done", detail)

    async def _remember(self, sent: Chosen, state: str, detail: str) -> None:
        """Add the query to the history; without the history, its result is shown all the same."""
        try:
            await asyncio.to_thread(self._store.add, sent.sql, state, detail)
        except StoreError as error:
            pieces.told(str(error), bad=True)

    async def _stop(self) -> None:
        if self._running:
            self._told.set_text("Cancelling …")
            try:
                await running.cancel(self._warehouse, self._running)
            except ServiceError as problem:
                pieces.told(str(problem), bad=True)

    def _busy(self, busy: bool) -> None:
        self._run.set_enabled(not busy)
        self._run.props(add="loading" if busy else "", remove="" if busy else "loading")
        self._cancel.set_visibility(busy)

    def _summary(self, outcome: Outcome) -> str:
        parts = [f"{short(outcome.seconds)}", f"{size(outcome.bytes)} read"]
        if outcome.rows:
            parts.insert(0, count(outcome.rows.rows, "row"))
        elif outcome.changed is not None:
            parts.insert(0, f"{count(outcome.changed, 'row')} changed")
        return " · ".join(parts)

    async def _show(self, outcome: Outcome) -> None:
        rows = outcome.rows
        page = await self._page(rows, 0) if rows else None
        self._result.clear()
        with self._result:
            if rows is None or page is None:
                what = f"{(outcome.kind or 'The statement').replace('_', ' ').lower()}: done"
                pieces.empty(what.capitalize(), f"It has no rows to show. {outcome.target or ''}", "o_check_circle")
                return
            with pieces.card():
                with ui.element("div").classes("card-head result-head"):
                    pieces.text("Result", "h2")
                    pieces.text(self._summary(outcome)).classes("muted grow")
                    _downloads(outcome, rows.rows)
                if rows.rows > self._limits.rows:
                    pieces.text(
                        f"The first {self._limits.rows:,} rows are shown and downloaded (CONSOLE_SQL_ROWS)."
                    ).classes("muted")
                Grid(
                    page,
                    lambda first: self._page(rows, first),
                    lambda row, column: self._warehouse.call(lambda client: results.value(client, rows, row, column)),
                )

    async def _page(self, rows: results.Source, first: int) -> results.Page:
        return await self._warehouse.call(lambda client: results.page(client, rows, first, self._limits.rows))

    async def _failed(self, sent: Chosen, error: QueryError) -> None:
        self._told.set_text("")
        self._editor.mark(error.where)
        self._result.clear()
        with self._result, ui.element("div").classes("error-card").props('role="alert"'):
            ui.icon("o_error_outline").props('aria-hidden="true"')
            pieces.text(str(error), "p").classes("error-text sql-error")
        await self._remember(sent, "failed", str(error))

    async def _estimate(self) -> None:
        """Show how much the text would read, when it has not changed since the last look."""
        text = self._editor.text
        if self._running or text == self._estimated or len(text) > LONGEST_ESTIMATE:
            return
        self._estimated = text
        if is_blank(text):
            self._told.set_text("")
            return
        try:
            plan = await running.estimate(self._warehouse, Chosen(text), self._limits)
        except (QueryError, ServiceError) as error:
            shown = NO_TABLES if text == self._example and "not found" in str(error).lower() else str(error)
        else:
            shown = _reads(plan)
        if not self._running and self._editor.text == text:
            self._told.set_text(shown)


def _reads(plan: Estimate) -> str:
    writes = f" {(plan.kind or 'It').replace('_', ' ').capitalize()}: asks before it runs." if plan.writes else ""
    return f"Will read {size(plan.bytes)}.{writes}"


def _downloads(outcome: Outcome, rows: int) -> None:
    for ending, label in FORMATS.items():
        if rows or ending != "parquet":
            address = f"/download/sql/{outcome.job_id}.{ending}"
            pieces.text(label, "a").classes("link").props(
                pieces.props(href=address, download="", title=f"Download {label}")
            )


def show(visit: Visit) -> None:
    """Build the page."""
    with pieces.heading("SQL", "GoogleSQL on the warehouse"):
        pass
    Workbench(visit)


PAGE = Page("/sql", "SQL", show, icon="o_terminal")
