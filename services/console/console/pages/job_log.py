"""The log of one job: live, with search, download, the failure's origin and the Dagster run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from fastapi import FastAPI
from nicegui import ui
from starlette.responses import PlainTextResponse, Response

from console.clients.calls import ServiceError
from console.clients.platform import Platform
from console.logic.airbyte import connection, declared, logs, runs
from console.logic.airbyte.jobs import ACTIVE
from console.logic.airbyte.logs import CHARACTERS, LINES, Log
from console.logic.sizes import count
from console.parts import pieces
from console.parts.frame import Page, Visit
from console.parts.loading import loaded
from console.parts.sent_files import SentFile

SECONDS = 1.5
"""Between two looks at a running job."""
ERROR_SECONDS = 15.0
"""Between two looks after an error: the job may not exist."""
LARGE, LARGE_SECONDS = 2_000_000, 15.0
"""Characters of a large log, and the seconds between two looks at it: each look fetches all of it."""


class _LogPage:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._id, self._job = visit.parameters["id"], visit.parameters["job"]
        self._wanted = ""
        with pieces.heading(f"Job {self._job}"):
            pieces.link("Connection", f"/connections/{self._id}?tab=timeline")
            download = pieces.link_button("Download", f"/download/jobs/{self._job}.log", "o_download", new_tab=False)
            download.props('download aria-label="Download the log"')
        loaded(self._run, self._link, lines=1)
        search = ui.input(placeholder="Search in the log", on_change=self._search)
        search.props('outlined dense clearable debounce=400 aria-label="Search in the log"').classes("grow")
        self._part = loaded(self._load, self._show, lines=8, retry=False)  # the timer does it
        self._timer = ui.timer(SECONDS, self._part.refresh, immediate=False)

    async def _load(self) -> Log:
        try:
            found = await self._read()
        except ServiceError:
            self._timer.interval = ERROR_SECONDS
            raise
        self._timer.interval = LARGE_SECONDS if found.characters > LARGE else SECONDS
        return found

    async def _read(self) -> Log:
        if not self._job.isdecimal():
            self._timer.deactivate()
            raise self._visit.platform.airbyte.service.error(
                f"{self._job} is not the number of a job", "Open it from a connection."
            )
        while True:
            wanted = self._wanted
            found = await logs.end(self._visit.platform.airbyte, int(self._job), wanted)
            if wanted == self._wanted:  # it may have been changed while the log was read
                return found

    async def _run(self) -> str:
        platform = self._visit.platform
        if not self._job.isdecimal():
            return ""
        try:
            detail = await connection.detail(platform.airbyte, self._id)
        except ServiceError:
            return ""
        in_file = await platform.airbyte.service.call(declared.read, platform.settings.connections_file)
        known = next((found for one in detail.streams if (found := in_file.stream(detail.name, one.name))), None)
        return await runs.run_of(platform.dagster, known.asset_key, int(self._job)) if known else ""

    def _link(self, run: str) -> None:
        if run:
            pieces.link(
                "Open the Dagster run that started it", f"{self._visit.platform.dagster.link}/runs/{run}", new_tab=True
            )
        else:
            pieces.text(
                "No Dagster run is known for this job: it was started here or by hand, or it is still running."
            ).classes("muted")

    async def _search(self, event: object) -> None:
        self._wanted = str(getattr(event, "value", "") or "")
        await self._part.refresh()

    def _show(self, found: Log) -> None:
        if found.status not in ACTIVE:
            self._timer.deactivate()
        with ui.element("div").classes("stack"):
            with ui.element("div").classes("about"):
                pieces.chip(found.status)
                counted = (
                    f"{found.found:,} of {count(found.total, 'line')}" if self._wanted else count(found.total, "line")
                )
                pieces.text(counted).classes("muted")
                if len(found.lines) < found.found:
                    kept = f"The last {LINES:,} lines or {CHARACTERS // 1000} kB are shown; the download has all."
                    pieces.text(kept).classes("muted")
                if found.status in ACTIVE and found.characters > LARGE:
                    pieces.text(f"The log is long: it is read every {LARGE_SECONDS:g} s.").classes("muted")
            if found.failure:
                with ui.element("div").classes("error-card").props('role="alert"'):
                    ui.icon("o_error_outline").props('aria-hidden="true"')
                    with ui.element("div").classes("error-text"):
                        pieces.text(f"Cause: {found.origin or 'unknown'}").classes("strong")
                        pieces.text(found.failure)
            text = "\n".join(found.lines) or ("No line has this text." if self._wanted else "No line yet.")
            shown = pieces.text(text, "pre").classes("code log").props('tabindex=0 role="log" aria-label="Log"')
        if found.status in ACTIVE and not self._wanted:
            ui.run_javascript(f"const log = getHtmlElement({shown.id}); if (log) log.scrollTop = log.scrollHeight")


def add_download(api: FastAPI, platform: Platform) -> None:
    """Serve the log of a job as a file."""

    @api.get("/download/jobs/{job}.log")
    async def download(job: int) -> Response:
        parts = logs.whole(platform.airbyte, job, logs.Reader(), download=True)
        try:
            # The first part is read before the answer begins, so that an error has a status of its own.
            first: list[str] = await anext(parts, [])
        except ServiceError as problem:
            return PlainTextResponse(f"{problem}\n{problem.remedy}\n", 502)

        async def content() -> AsyncIterator[str]:
            yield "".join(f"{line}\n" for line in first)
            async with aclosing(parts):  # also when the browser is gone
                async for lines in parts:
                    yield "".join(f"{line}\n" for line in lines)

        headers = {"content-disposition": f'attachment; filename="airbyte-job-{job}.log"'}
        return SentFile(content(), media_type="text/plain; charset=utf-8", headers=headers)


def show(visit: Visit) -> None:
    """Build the page."""
    _LogPage(visit)


PAGE = Page("/connections/{id}/jobs/{job}", "Log", show)
