"""Checks in rows: the last result of each; a click opens its history, its failing rows and what it blocked."""

from __future__ import annotations

from urllib.parse import quote

from nicegui import ui

from console.logic import assets
from console.logic import checks as all_checks
from console.logic.assets import Key
from console.logic.checks import Check, Result, unwrapped
from console.parts import pieces, table
from console.parts.frame import Visit
from console.parts.loading import loaded

RUNS = 25
"""Executions in the history of a check."""


def show(visit: Visit, checks: list[Check], *, with_asset: bool = False) -> None:
    """Show the checks, in the order that they have."""
    if not checks:
        pieces.empty("No checks", "Add data tests to the model, or run the pipeline: make run", "o_fact_check")
        return
    with ui.element("div").classes("checks"):
        for check in checks:
            _row(visit, check, with_asset=with_asset)


def _row(visit: Visit, check: Check, *, with_asset: bool) -> None:
    with ui.element("div").classes("check"):
        with ui.element("button").props('type="button" aria-expanded="false"').classes("check-row") as row:
            pieces.chip(check.state)
            with ui.element("span").classes("stack tight"):
                pieces.text(f"{'/'.join(check.asset)} · {check.name}" if with_asset else check.name).classes(
                    "check-name"
                )
                first = (check.last.text if check.last else "").split("\n")[0]
                if check.state != "passed" and first:
                    pieces.text(first[:300]).classes("muted small break")
            pieces.when(check.last.at if check.last else None, visit.zone).classes("muted small")
        box = ui.element("div").classes("check-more")
    box.set_visibility(False)

    def toggle() -> None:
        is_open = not box.visible
        box.set_visibility(is_open)
        row.props(f'aria-expanded="{str(is_open).lower()}"')
        if is_open and not box.default_slot.children:
            with box:
                _more(visit, check)

    row.on("click", toggle)


def _more(visit: Visit, check: Check) -> None:
    about = f"{unwrapped(check.description)}\n\n{all_checks.meaning(check)}".strip()
    pieces.text(about, "p").classes("description muted")
    if check.last:
        _result(visit, check.last)
        if check.state == "failed":
            loaded(lambda: _blocked(visit, check), lambda keys: _stopped(keys), lines=1)
    pieces.text("History", "h3")
    loaded(lambda: all_checks.history(visit.platform.dagster, check, RUNS), lambda found: _history(visit, found))


async def _blocked(visit: Visit, check: Check) -> list[Key]:
    graph = await assets.graph(visit.platform.dagster)
    return await all_checks.blocked(visit.platform.dagster, graph, check)


def _stopped(keys: list[Key]) -> None:
    if keys:
        pieces.text(f"Not built because of this failure: {', '.join('/'.join(key) for key in keys)}", "p").classes(
            "break"
        )
    else:
        pieces.text("This failure stopped no build.", "p").classes("muted")


def _result(visit: Visit, result: Result) -> None:
    if result.text:
        pieces.text(result.text, "p").classes("description")
    if result.query:
        with ui.element("div").classes("code-box"):
            pieces.text(result.query, "pre").classes("code")
            pieces.copy(result.query)
        pieces.link("All failing rows", f"/sql?q={quote(result.query)}")
    if result.rows:
        table.show(result.rows.columns, result.rows.rows)
    pieces.link("Run in Dagster", f"{visit.platform.dagster.link}/runs/{quote(result.run, safe='')}", new_tab=True)


def _history(visit: Visit, found: list[Result]) -> None:
    if not found:
        pieces.text("It has not run yet.", "p").classes("muted")
    for result in found:
        with ui.element("div").classes("line"):
            pieces.chip(result.state)
            pieces.when(result.at, visit.zone).classes("muted")
            numbers = ", ".join(f"{name.split('/')[-1]}: {text}" for name, text in result.numbers.items())
            pieces.text(numbers).classes("muted small grow break")
