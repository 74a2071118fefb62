"""Tables: the datasets as a tree, and one table with everything that is known about it."""

from __future__ import annotations

from nicegui import ui

from console.logic.tables import catalog
from console.logic.tables.catalog import Dataset, Entry
from console.pages import table_facts
from console.parts import pieces, tree
from console.parts.frame import Page, Visit
from console.parts.loading import loaded
from console.parts.tables import address

PATH = "/tables/{dataset}/{table}"


def show(visit: Visit) -> None:
    """Build the page: the tree, and beside it the table of the address."""
    dataset, table = visit.parameters.get("dataset", ""), visit.parameters.get("table", "")
    if not table:
        with pieces.heading("Tables", f"The datasets of the project {visit.platform.settings.project}"):
            pass
    with ui.element("div").classes("browser opened" if table else "browser"):
        with ui.element("aside").classes("card side").props('aria-label="Datasets and tables"'):
            loaded(
                lambda: catalog.datasets(visit.platform.warehouse),
                lambda found: _tree(found, f"{dataset}.{table}"),
            )
        with ui.element("div").classes("stack"):
            if table:
                table_facts.show(visit, dataset, table)
            else:
                with pieces.card():
                    pieces.empty(
                        "Choose a table", "Its columns, rows, checks and lineage are shown here.", "o_table_chart"
                    )


def _tree(datasets: list[Dataset], current: str) -> None:
    def put(table: Entry) -> None:
        with ui.element("a").classes("tree-entry").props(pieces.props(href=address(table.path))) as link:
            ui.icon(tree.icon(table)).props('aria-hidden="true"')
            pieces.text(table.name)
        if table.path == current:
            link.classes("current").props('aria-current="page"')

    tree.Tree(datasets, put, current)


PAGE = Page("/tables", "Tables", show, icon="o_table_chart")
ONE_TABLE = Page(PATH, "Table", show)
