"""The tabs of one connection."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nicegui import ui

from console.logic import sizes, times
from console.logic.airbyte import connection, drift
from console.logic.airbyte.connection import Detail, Stream
from console.logic.airbyte.declared import Declared
from console.logic.airbyte.drift import Drift
from console.logic.airbyte.jobs import Job
from console.logic.airbyte.tables import LoadedTable, loaded_tables
from console.parts import pieces
from console.parts.diff import diff
from console.parts.frame import Visit
from console.parts.loading import loaded

if TYPE_CHECKING:
    from console.pages.connection import _Connection

CHARTED = 30
"""Jobs in the chart."""

type Show = Callable[[Visit, Detail, Declared, _Connection], None]


def table(*titles: str) -> ui.element:
    """Open a table with these columns; the caller adds the rows in it."""
    with ui.element("div").classes("table-box"), ui.element("table").classes("table") as shown:
        with ui.element("thead"), ui.element("tr"):
            for title in titles:
                pieces.text(title, "th")
        with shown:
            return ui.element("tbody")


def status(visit: Visit, detail: Detail, in_file: Declared, page: _Connection) -> None:
    """Show a row for each stream."""
    if (job := detail.active_job) is not None:
        with pieces.card():
            _running(job, detail)
    names = [name for stream in detail.streams if (name := detail.table(stream))]

    def rows(found: dict[str, LoadedTable | None]) -> None:
        with table("Stream", "State", "Table", "Last load", "Rows", "dbt source", ""):
            for stream in detail.streams:
                _stream(stream, found.get(detail.table(stream)), visit, detail, in_file, page)

    loaded(lambda: loaded_tables(visit.platform.warehouse, names), rows, lines=len(detail.streams))


def _stream(
    stream: Stream, found: LoadedTable | None, visit: Visit, detail: Detail, in_file: Declared, page: _Connection
) -> None:
    name = detail.table(stream)
    known = in_file.stream(detail.name, stream.name)
    with ui.element("tr"):
        with ui.element("td"):
            pieces.text(stream.name).classes("strong break")
        with ui.element("td"):
            pieces.chip(detail.state)
        with ui.element("td"):
            if name and found:
                pieces.link(name.partition(".")[2], f"/tables/{name}")
            else:
                pieces.text("not loaded yet" if name else "unknown").classes("muted")
        with ui.element("td"):
            pieces.when(found.loaded if found else None, visit.zone)
        pieces.text(f"{found.rows:,}" if found else "", "td").classes("number")
        pieces.text(known.dbt_source if known else "not in the file", "td").classes("muted")
        with ui.element("td").classes("number"):
            page.clear_button(detail, stream)


def _running(job: Job, detail: Detail) -> None:
    with pieces.row():
        pieces.chip(job.status)
        pieces.text(f"Job {job.id} ({job.kind})").classes("strong")
        pieces.text(", ".join(filter(None, (sizes.count(job.rows, "row"), _size(job), _took(job))))).classes("muted grow")
        pieces.link("Log", f"/connections/{detail.id}/jobs/{job.id}")


def _size(job: Job) -> str:
    return "" if job.bytes is None else sizes.size(job.bytes)


def _took(job: Job) -> str:
    return "" if job.seconds is None else times.short(job.seconds)


def timeline(visit: Visit, detail: Detail, in_file: Declared, page: _Connection) -> None:  # noqa: ARG001
    """Show the jobs, and their rows and durations as a chart."""
    if not detail.jobs:
        pieces.empty("No job yet", "Start one with Sync now, or in Dagster.", "o_history")
        return
    syncs = [job for job in reversed(detail.jobs) if job.kind == "sync" and not job.is_active][-CHARTED:]
    if len(syncs) > 1:
        with pieces.card("Rows and duration", f"of the last {len(syncs)} syncs"):
            ui.echart(chart(syncs)).classes("chart").props('role="img" aria-label="Rows and duration of each sync; the table below has the numbers"')
    with table("Job", "State", "Started", "Rows", "Bytes", "Duration", "Cost", ""):
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


def chart(syncs: list[Job]) -> dict[str, Any]:
    """Return the chart of rows (bars) and duration (line) of each sync."""
    return {
        "animation": False,
        "grid": {"left": 56, "right": 56, "top": 36, "bottom": 28},
        "tooltip": {"trigger": "axis"},
        "legend": {"data": ["Rows", "Seconds"], "top": 0, "textStyle": {"color": "#8b8b95"}},
        "xAxis": {"type": "category", "data": [f"job {job.id}" for job in syncs], "axisLabel": {"color": "#8b8b95"}},
        "yAxis": [
            {"type": "value", "name": "rows", "axisLabel": {"color": "#8b8b95"}, "splitLine": {"lineStyle": {"color": "#8b8b9533"}}},
            {"type": "value", "name": "seconds", "axisLabel": {"color": "#8b8b95"}, "splitLine": {"show": False}},
        ],
        "series": [
            {
                "name": "Rows",
                "type": "bar",
                "barMaxWidth": 22,
                "data": [{"value": job.rows or 0, "itemStyle": {"color": "#0f9488" if job.status == "succeeded" else "#dc2626"}} for job in syncs],
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


def schema(visit: Visit, detail: Detail, in_file: Declared, page: _Connection) -> None:  # noqa: ARG001
    """Show the columns of each stream, and what the source offers now as a diff."""
    box: ui.element

    async def look() -> Drift:
        now = await drift.discover(visit.platform.airbyte, detail.source.id)
        return drift.drift(detail, now, in_file)

    def compare() -> None:
        box.clear()
        with box, pieces.card("What the source offers now"):
            loaded(look, _drift, lines=3)

    with pieces.row():
        pieces.text("The connector can look at the source again: new columns, new streams, other types.").classes("muted grow")
        pieces.quiet_button("Compare with the source", compare, "o_compare_arrows")
    box = ui.element("div").classes("stack")
    for stream in detail.streams:
        key = ", ".join(".".join(path) for path in stream.primary_key) or "none"
        cursor = ".".join(stream.cursor) or "none"
        with pieces.card(stream.name, f"{stream.sync_mode} · key: {key} · cursor: {cursor}"):
            with table("Column", "Type", "Role"):
                for column in stream.columns:
                    with ui.element("tr"):
                        with ui.element("td"):
                            pieces.mono(column.name)
                        pieces.text(column.type, "td").classes("muted")
                        roles = [
                            word
                            for word, holds in (("key", column.in_key), ("cursor", column.is_cursor), ("not loaded", not column.loaded))
                            if holds
                        ]
                        pieces.text(", ".join(roles), "td")


def _drift(found: Drift) -> None:
    if not found.changes:
        pieces.text("Nothing has changed: the source offers what the connection loads.", "p")
        return
    with ui.element("div").classes("stack"):
        for change in found.changes:
            pieces.text(change, "p").classes("break")
        if found.diff:
            pieces.text("Lines of connections.yaml to change", "h3")
            diff(found.diff)
        for line in found.commands:
            pieces.command(line)


def state(visit: Visit, detail: Detail, in_file: Declared, page: _Connection) -> None:  # noqa: ARG001
    """Show the saved state, from which the next sync continues."""

    def show(found: dict[str, Any]) -> None:
        if found.get("stateType") == "not_set":
            pieces.empty("No saved state", "Every sync reads from the start, or none has run yet.", "o_bookmark_border")
            return
        for item in found.get("streamState") or []:
            with pieces.card(str((item.get("streamDescriptor") or {}).get("name", ""))):
                _json(item.get("streamState"))
        if "streamState" not in found:
            with pieces.card("The state of all streams"):
                _json(found.get("globalState") or found.get("state"))

    pieces.text("From this state the next sync continues. It is shown only; Clear removes it.", "p").classes("muted")
    loaded(lambda: connection.saved_state(visit.platform.airbyte, detail.id), show)


def settings(visit: Visit, detail: Detail, in_file: Declared, page: _Connection) -> None:  # noqa: ARG001
    """Show the settings, with masked secrets. They are changed in connections.yaml."""
    pieces.text("Settings are changed in connections.yaml, then: make apply. Secrets are masked.", "p").classes("muted")
    with pieces.card("Connection", in_file.words("connection", detail.name)):
        for title, value in (
            ("Status", detail.status),
            ("Schedule", detail.schedule),
            ("Prefix of the tables", detail.prefix or "none"),
            ("Id", detail.id),
        ):
            with pieces.row():
                pieces.text(title).classes("muted setting-name")
                pieces.text(value).classes("break")
    for end in (detail.source, detail.destination):
        with pieces.card(f"{end.kind.capitalize()} {end.name}", f"{end.connector} · {in_file.words(end.kind, end.name)}"):
            _json(end.configuration)


def _json(value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    pieces.text(text, "pre").classes("code").props('tabindex=0 role="group" aria-label="Values"')


TABS: dict[str, tuple[str, Show]] = {
    "status": ("Status", status),
    "timeline": ("Timeline", timeline),
    "schema": ("Schema", schema),
    "state": ("State", state),
    "settings": ("Settings", settings),
}

