"""One table: its columns, its first rows, its profile, its lineage, its checks and its SQL, each in a tab."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from nicegui import ui

from console.logic import reports, times
from console.logic.reports import Source
from console.logic.sql import results
from console.logic.tables import facts
from console.logic.tables.facts import Facts
from console.pages import table_more
from console.parts import pieces
from console.parts.frame import Visit
from console.parts.grid import Grid
from console.parts.loading import loaded
from console.parts.tables import address

FORMATS = ("csv", "jsonl", "parquet")
MOST_COLUMNS = 500
"""Columns that are listed; of a wider table the search of the page Rows shows the others."""


def show(visit: Visit, dataset: str, name: str) -> None:
    """Build the page; the content of a tab comes when the tab is opened."""
    with pieces.heading(name, dataset):
        pieces.link("Query", f"/sql?q={quote(f'select *\nfrom `{dataset}.{name}`\nlimit 100\n')}")
    read = partial(facts.read, dataset=dataset, name=name)
    loaded(lambda: visit.platform.warehouse.call(read), lambda found: _table(visit, found), lines=8)


def _table(visit: Visit, found: Facts) -> None:
    with pieces.card():
        _head(visit, found)
    parts: dict[str, Callable[[], None]] = {
        "Columns": lambda: _columns(visit, found),
        "Rows": lambda: _rows(visit, found),
        "Profile": lambda: table_more.profile(visit, found.path),
        "Lineage": lambda: table_more.lineage(visit, found.path),
        "Checks": lambda: table_more.checks(visit, found.path),
        "SQL": lambda: table_more.sql(visit, found),
    }
    with ui.tabs().props("dense no-caps align=left outside-arrows mobile-arrows") as tabs:
        named = {label: ui.tab(label) for label in parts}
    boxes: dict[str, ui.element] = {}
    with ui.tab_panels(tabs, animated=False).classes("table-panels") as panels:
        for label, tab in named.items():
            with ui.tab_panel(tab):
                boxes[label] = ui.element("div").classes("stack")

    def build(label: str) -> None:
        if waiting := parts.pop(label, None):
            with boxes[label]:
                waiting()

    panels.on_value_change(lambda event: build(str(event.value)))
    asked = visit.parameters.get("tab", "")
    panels.set_value(asked if asked in parts else "Columns")


def _head(visit: Visit, found: Facts) -> None:
    if found.description:
        pieces.text(found.description, "p").classes("description")
    shown = {
        "Kind": found.kind,
        "Rows": f"{found.rows:,}" if found.rows is not None else "",
        "Size": found.extent.split(", ")[-1],
        "Partitioned": found.partitioning,
        "Clustered": f"by {', '.join(found.clustering)}" if found.clustering else "",
        "Changed": times.full(found.changed, visit.zone) if found.changed else "",
        "Created": times.full(found.created, visit.zone) if found.created else "",
        "Expires": times.full(found.expires, visit.zone) if found.expires else "",
        "Labels": ", ".join(f"{name}: {value}" for name, value in found.labels),
    }
    with ui.element("dl").classes("facts"):
        for name, value in shown.items():
            if value:
                with ui.element("div"):
                    pieces.text(name, "dt")
                    pieces.text(value, "dd")


def _columns(visit: Visit, found: Facts) -> None:
    lineage = reports.column_lineage(visit.platform.settings.dbt_docs)
    shown = lineage.shown(found.path) if lineage else {}
    with ui.element("div").classes("table-box"), ui.element("table").classes("table"):
        with ui.element("thead"), ui.element("tr"):
            for title in ("Column", "Type", "Description", *shown):
                pieces.text(title, "th").props('scope="col"')
        with ui.element("tbody"):
            for column in found.columns[:MOST_COLUMNS]:
                with ui.element("tr"):
                    with ui.element("td"):
                        pieces.text(column.name).classes(f"mono break depth-{min(column.depth, 3)}").props('dir="auto"')
                    with ui.element("td"):
                        pieces.mono(column.type if len(column.type) < 80 else f"{column.type[:79]}…")
                        if column.mode == "required":
                            pieces.text(" required").classes("muted small")
                    pieces.text(column.description, "td").classes("break prose")
                    for lines in shown.values():
                        _sources([] if column.depth else lines.get((found.path, column.name.lower()), []))
    if len(found.columns) > MOST_COLUMNS:
        pieces.text(f"The first {MOST_COLUMNS} of {len(found.columns):,} columns and fields.").classes("muted")


def _sources(sources: list[Source]) -> None:
    with ui.element("td"):
        for source in sources:
            with ui.element("div"):
                pieces.link(f"{source.table.split('.')[-1]}.{source.column}", address(source.table))


def _rows(visit: Visit, found: Facts) -> None:
    if found.rows is None:
        pieces.empty(
            f"No rows are stored here: {found.kind}",
            "The button Query reads the tables or files behind it.",
            "o_visibility",
        )
        return
    warehouse, source = visit.platform.warehouse, found.source
    limit = visit.platform.settings.sql_rows

    def show(page: results.Page) -> None:
        if not page.total:
            pieces.empty("No rows", "The table is empty. Load it, or build its model.", "o_table_rows")
            return
        Grid(
            page,
            lambda first: warehouse.call(lambda client: results.page(client, source, first, limit)),
            lambda row, column: warehouse.call(lambda client: results.value(client, source, row, column)),
        )
        with ui.element("div").classes("actions"):
            pieces.text("Download").classes("muted")
            for ending in FORMATS:
                file = f"/download/table/{quote(found.dataset, safe='')}/{quote(found.name, safe='')}.{ending}"
                pieces.text(ending, "a").classes("link").props(pieces.props(href=file, download=""))

    loaded(lambda: warehouse.call(lambda client: results.page(client, source, 0, limit)), show, lines=8)
