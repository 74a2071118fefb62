"""The tabs of a table that come from Dagster and dbt: profile, lineage, checks and SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import events, ui

from console.logic import assets, reports
from console.logic import checks as all_checks
from console.logic.assets import Asset, Graph
from console.logic.checks import Check
from console.logic.tables import history
from console.logic.tables.facts import Facts
from console.logic.tables.history import Profile, Series
from console.pages import check_rows
from console.parts import charts, picture, pieces, table
from console.parts.frame import Visit
from console.parts.loading import loaded

LOADS = 60
"""Loads in the history of a table's numbers."""
FIGURES = {
    "data_type": "Type",
    "not_null_proportion": "Not NULL",
    "distinct_count": "Distinct",
    "is_unique": "Unique",
    "min": "Least",
    "max": "Largest",
    "avg": "Average",
    "median": "Median",
    "top_values": "Most frequent values",
}
NUMBERS = ("not_null_proportion", "distinct_count", "min", "max", "avg", "median")
"""Figures that stand at the right."""


def profile(visit: Visit, path: str) -> None:
    """Show the newest profile, and the history of each number."""

    def show(asset: Asset) -> None:
        dagster = visit.platform.dagster
        loaded(lambda: history.profile(dagster, asset.key), lambda found: _profile(visit, found))
        with pieces.card("History", f"the newest {LOADS} loads"):
            loaded(lambda: history.series(dagster, asset.key, LOADS), lambda found: _history(visit, found))

    _of_asset(visit, path, lambda _, asset: show(asset))


def lineage(visit: Visit, path: str) -> None:
    """Show everything from the files to the marts that a table is a part of."""

    def show(graph: Graph, asset: Asset) -> None:
        picture.lineage(graph.around(asset.key), asset.key)
        if reports.made(visit.platform.settings.dbt_docs):
            pieces.link("Column lineage of all models", "/lineage?page=columns")

    _of_asset(visit, path, show)


def checks(visit: Visit, path: str) -> None:
    """Show the checks of a table."""

    def show(asset: Asset) -> None:
        async def read() -> list[Check]:
            return [check for check in await all_checks.every(visit.platform.dagster) if check.asset == asset.key]

        loaded(read, lambda found: check_rows.show(visit, found))

    _of_asset(visit, path, lambda _, asset: show(asset))


def sql(visit: Visit, found: Facts) -> None:
    """Show the SQL of a model as it is in the project, and the SQL that BigQuery got."""
    lines = reports.column_lineage(visit.platform.settings.dbt_docs)
    compiled = found.view_sql or (lines.compiled.get(found.path, "") if lines else "")

    def show(graph: Graph) -> None:
        asset = graph.of_table.get(found.path)
        if asset and asset.sql:
            _code("The model, as in the dbt project", asset.sql)
        if compiled:
            _code("The SQL that BigQuery stores for it" if found.view_sql else "The SQL that BigQuery got", compiled)
        if not compiled and not (asset and asset.sql):
            pieces.empty("No SQL", "The table is loaded by Airbyte, or was made by hand.", "o_code")

    loaded(lambda: assets.graph(visit.platform.dagster), show)


def _of_asset(visit: Visit, path: str, show: Callable[[Graph, Asset], None]) -> None:
    def found(graph: Graph) -> None:
        if asset := graph.of_table.get(path):
            show(graph, asset)
        else:
            pieces.empty(
                "Dagster does not know this table",
                "The table is neither a landing table of connections.yaml nor a dbt model. It has no lineage and no "
                "checks.",
                "o_help_outline",
            )

    loaded(lambda: assets.graph(visit.platform.dagster), found)


def _profile(visit: Visit, found: Profile | None) -> None:
    if found is None:
        pieces.empty("No profile yet", "A run makes it after the table is loaded: make run", "o_query_stats")
        return
    names = [name for name in FIGURES if any(column.get(name) is not None for column in found.columns)]
    with pieces.card("Profile", f"{found.rows:,} rows{', from a sample' if found.is_sample else ''}"):
        pieces.when(found.at, visit.zone).classes("muted")
        table.show(
            ["Column", *(FIGURES[name] for name in names)],
            [
                [str(column.get("column_name", "")), *(history.figure(column, name) for name in names)]
                for column in found.columns
            ],
            numbers=[at for at, name in enumerate(names, 1) if name in NUMBERS],
        )


def _history(visit: Visit, found: Sequence[Series]) -> None:
    if not found:
        pieces.empty("No numbers yet", "Each load of the table adds some: make run", "o_show_chart")
        return
    by_name = {each.name: each for each in found}
    choice = ui.select([*by_name], value=found[0].name, with_input=len(by_name) > 12).props("outlined dense")
    choice.props('aria-label="Number"').classes("choice")
    box = ui.element("div")

    def show(event: events.ValueChangeEventArguments[str | None] | None = None) -> None:
        chosen = by_name.get(str(event.value) if event else found[0].name, found[0])
        box.clear()
        with box:
            charts.line(chosen.points, visit.zone, chosen.name)

    choice.on_value_change(show)
    show()


def _code(title: str, text: str) -> None:
    with pieces.card(title), ui.element("div").classes("code-box"):
        pieces.text(text, "pre").classes("code").props('tabindex="0"')
        pieces.copy(text)
