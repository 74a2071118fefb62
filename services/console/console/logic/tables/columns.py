"""The columns of the tables, for completion in the SQL editor."""

from __future__ import annotations

from functools import partial

from console.clients.calls import ServiceError
from console.clients.platform import Platform
from console.logic.tables import catalog, facts

MOST_TABLES = 60
"""Tables whose columns are read: those of the platform's own datasets first. Each needs one request, free of cost."""

type Columns = dict[str, list[tuple[str, str]]]
"""The name and the type of each column, by `dataset.table`."""


async def read(platform: Platform) -> Columns:
    """Return the columns of the first tables; a table that cannot be read is left out. Raises ServiceError."""
    datasets = await catalog.datasets(platform.warehouse)
    tables = [table for each in datasets for table in each.tables]
    tables.sort(key=lambda table: not table.dataset.startswith(platform.settings.dataset))
    found: Columns = {}
    for table in tables[:MOST_TABLES]:
        try:
            known = await platform.warehouse.call(partial(facts.read, dataset=table.dataset, name=table.name))
        except ServiceError:
            continue
        found[table.path] = [(column.name, column.type) for column in known.columns if not column.depth]
    return found
