"""The tabs Status and Timeline of a connection: what is loaded, and the jobs that loaded it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from nicegui import ui

from console.logic import sizes, times
from console.logic.airbyte import jobs
from console.logic.airbyte.connection import SHOWN_JOBS, Detail, Stream
from console.logic.airbyte.declared import Declared
from console.logic.airbyte.jobs import Job
from console.logic.airbyte.states import stream_state
from console.logic.airbyte.tables import LoadedTable, freshness, loaded_tables
from console.parts import pieces, table
from console.parts.frame import Visit
from console.parts.loading import loaded
from console.parts.tables import address

PROGRESS_SECONDS = 1.5
CHARTED = 30
"""Jobs in the chart."""
type ClearButton = Callable[[Detail, Stream], None]


def status(visit: Visit, detail: Detail, in_file: Declared, clear: ClearButton) -> None:
    """Show a row for each stream."""
    if (job := detail.active_job) is not None:
        number = job.id
        with pieces.card():
            loaded(
                lambda: jobs.current(visit.platform.airbyte, number),
                lambda found: _running(found, detail),
                every=PROGRESS_SECONDS,
                lines=1,
            )
    names = [name for stream in detail.streams if (name := detail.table(stream))]

    platform = visit.platform

    async def look() -> tuple[dict[str, LoadedTable | None], dict[tuple[str, ...], str]]:
        return await asyncio.gather(loaded_tables(platform.warehouse, names), freshness(platform.dagster))

    def rows(found: tuple[dict[str, LoadedTable | None], dict[tuple[str, ...], str]]) -> None:
        tables, ages = found
        headers = ("Stream", "State", "Table", "Last load", "Freshness", "Rows", "dbt source", "")
        with table.opened(headers, numbers={5}):
            for stream in detail.streams:
                known = in_file.stream(detail.name, stream.name)
                age = ages.get(tuple(known.asset_key), "") if known else ""
                _stream(stream, tables.get(detail.table(stream)), age, visit, detail, in_file, clear)

    loaded(look, rows, lines=len(detail.streams))


def _stream(
    stream: Stream,
    found: LoadedTable | None,
    age: str,
    visit: Visit,
    detail: Detail,
    in_file: Declared,
    clear: ClearButton,
) -> None:
    name = detail.table(stream)
    known = in_file.stream(detail.name, stream.name)
    with ui.element("tr"):
        with ui.element("td"):
            pieces.text(stream.name).classes("strong break name")
        with ui.element("td"):
            pieces.chip(stream_state(detail.state, has_table=found is not None))
        with ui.element("td"):
            if name and found:
                pieces.link(name.partition(".")[2], address(name.partition(".")[2])).classes("name")
            else:
                pieces.text("not loaded yet" if name else "unknown").classes("muted")
        with ui.element("td"):
            pieces.when(found.loaded if found else None, visit.zone)
        with ui.element("td"):
            if age:
                pieces.chip(age)
        pieces.text(f"{found.rows:,}" if found else "", "td").classes("number")
        pieces.text(known.dbt_source if known else "not in the file", "td").classes("muted")
        with ui.element("td").classes("number"):
            clear(detail, stream)


def _running(job: Job, detail: Detail) -> None:
    with pieces.row():
        pieces.chip(job.status)
        pieces.text(f"Job {job.id} ({job.kind})").classes("strong")
        done = filter(None, (sizes.count(job.rows, "row"), _size(job), _took(job)))
        pieces.text(", ".join(done)).classes("muted grow")
        pieces.link("Log", f"/connections/{detail.id}/jobs/{job.id}")


def _size(job: Job) -> str:
    return "" if job.bytes is None else sizes.size(job.bytes)


def _took(job: Job) -> str:
    return "" if job.seconds is None else times.short(job.seconds)


def timeline(visit: Visit, detail: Detail) -> None:
    """Show the jobs, and their rows and durations as a chart."""
    if not detail.jobs:
        pieces.empty("No job yet", "Start one with Sync now, or in Dagster.", "o_history")
        return
    syncs = [job for job in reversed(detail.jobs) if job.kind == "sync" and not job.is_active][-CHARTED:]
    if len(syncs) > 1:
        with pieces.card("Rows and duration", f"of the last {len(syncs)} syncs"):
            ui.echart(chart(syncs)).classes("chart").props(
                'role="img" aria-label="Rows and duration of each sync; the table below has the numbers"'
            )
    headers = ("Job", "State", "Started", "Rows", "Bytes", "Duration", "Cost", "")
    with table.opened(headers, numbers={3, 4, 5, 6}):
        for job in detail.jobs:
            with ui.element("tr"):
                pieces.text(f"{job.id} {job.kind}", "td").classes("nowrap")
                with ui.element("td"):
                    pieces.chip(job.status)
                with ui.element("td"):
                    pieces.when(job.created, visit.zone)
                pieces.text("" if job.rows is None else f"{job.rows:,}", "td").classes("number")
                pieces.text(_size(job), "td").classes("number nowrap")
                pieces.text(_took(job), "td").classes("number nowrap")
                pieces.text(job.cost, "td").classes("number")
                with ui.element("td"):
                    pieces.link("Log", f"/connections/{detail.id}/jobs/{job.id}")
            if job.failure:
                with ui.element("tr").classes("failure"), ui.element("td").props("colspan=8"):
                    pieces.text(f"Cause: {job.origin}. " if job.origin else "").classes("muted")
                    pieces.text(job.failure).classes("break")
    if len(detail.jobs) == SHOWN_JOBS:
        pieces.link("Show earlier jobs", f"/connections/{detail.id}?tab=timeline&jobs=all")


def chart(syncs: list[Job]) -> dict[str, Any]:
    """Return the chart of rows (bars) and duration (line) of each sync."""
    return {
        "animation": False,
        "grid": {"left": 56, "right": 56, "top": 36, "bottom": 28},
        "tooltip": {"trigger": "axis"},
        "legend": {"data": ["Rows", "Seconds"], "top": 0, "textStyle": {"color": "#8b8b95"}},
        "xAxis": {"type": "category", "data": [f"job {job.id}" for job in syncs], "axisLabel": {"color": "#8b8b95"}},
        "yAxis": [
            {
                "type": "value",
                "name": "rows",
                "axisLabel": {"color": "#8b8b95"},
                "splitLine": {"lineStyle": {"color": "#8b8b9533"}},
            },
            {"type": "value", "name": "seconds", "axisLabel": {"color": "#8b8b95"}, "splitLine": {"show": False}},
        ],
        "series": [
            {
                "name": "Rows",
                "type": "bar",
                "barMaxWidth": 22,
                "data": [
                    {
                        "value": job.rows or 0,
                        "itemStyle": {"color": "#0f9488" if job.status == "succeeded" else "#dc2626"},
                    }
                    for job in syncs
                ],
                "itemStyle": {"color": "#0f9488"},
            },
            {
                "name": "Seconds",
                "type": "line",
                "yAxisIndex": 1,
                "symbolSize": 6,
                "data": [round(job.seconds or 0, 1) for job in syncs],
                "itemStyle": {"color": "#6d7bd8"},
            },
        ],
    }
