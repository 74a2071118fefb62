"""Lineage: all assets from the files to the marts, the lineage of columns, and dbt's documentation."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from nicegui import ui
from starlette.responses import PlainTextResponse, Response

from console.clients.platform import Platform
from console.logic import assets, checks, reports
from console.logic.assets import Graph, Key
from console.logic.checks import Check
from console.parts import picture, pieces
from console.parts.frame import Page, Visit
from console.parts.loading import loaded

MARKED = ("failed", "warning")
"""The states of checks that the picture shows."""


def show(visit: Visit) -> None:
    """Build the page."""
    folder = visit.platform.settings.dbt_docs
    made = reports.made(folder)
    with pieces.heading("Lineage", "From the files to the marts"):
        if made:
            pieces.text("documentation made").classes("muted")
            pieces.when(made, visit.zone).classes("muted")
    labels = {"": "Assets", **reports.TITLES}
    asked = visit.parameters.get("page", "")
    with ui.tabs().props("dense no-caps align=left outside-arrows mobile-arrows") as tabs:
        named = {name: ui.tab(label) for name, label in labels.items()}
    with ui.tab_panels(tabs, value=named[asked if asked in named else ""], animated=False).classes("table-panels"):
        with ui.tab_panel(named[""]):
            loaded(lambda: _read(visit.platform), _picture, every=15, lines=8)
        for name, label in reports.TITLES.items():
            with ui.tab_panel(named[name]):
                _report(name, label, is_made=made is not None)


async def _read(platform: Platform) -> tuple[Graph, list[Check]]:
    graph, found = await asyncio.gather(assets.graph(platform.dagster), checks.every(platform.dagster))
    return graph, found


def _picture(found: tuple[Graph, list[Check]]) -> None:
    graph, all_checks = found
    if not graph.assets:
        pieces.empty("No assets", "Dagster has loaded no assets: make logs s=code", "o_account_tree")
        return
    states: dict[Key, str] = {}
    for check in reversed(all_checks):  # the worst is first
        if check.state in MARKED:
            states[check.asset] = check.state
    picture.lineage([*graph.assets.values()], states=states)
    pieces.text("Marked: tables with a check that fails or warns. A click on a table opens its page.", "p").classes(
        "muted small"
    )


def _report(name: str, label: str, *, is_made: bool) -> None:
    if not is_made:
        pieces.empty(
            f"{label}: not made yet",
            "Dagster makes it after a run whose models have changed. Now: launch the job dbt_docs in Dagster.",
            "o_menu_book",
        )
        return
    with ui.element("div").classes("stack tight"):
        pieces.link("Open in a tab of its own", f"/reports/{name}", new_tab=True)
        frame = ui.element("iframe").classes("report")
        frame.props(
            pieces.props(src=f"/reports/{name}", title=label, sandbox="allow-scripts allow-popups", loading="lazy")
        )


def add(api: FastAPI, platform: Platform) -> None:
    """Add /reports/docs and /reports/columns: pages made by other programs, in a sandbox without connections."""

    @api.get("/reports/{name}")
    def report(name: str) -> Response:
        content = reports.page(platform.settings.dbt_docs, name)
        if content is None:
            return PlainTextResponse("This page is not made yet. Launch the job dbt_docs in Dagster.", 404)
        headers = {"content-security-policy": reports.POLICY, "cache-control": "no-cache"}
        return Response(content, media_type="text/html; charset=utf-8", headers=headers)


PAGE = Page("/lineage", "Lineage", show, icon="o_account_tree")
