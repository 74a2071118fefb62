"""The datasets and the tables in them, as BigQuery lists them: free of cost, without a query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from console.clients.warehouse import Warehouse
from console.logic.shared import SECONDS, for_all_pages, gathered

if TYPE_CHECKING:
    from google.cloud import bigquery

MOST_TABLES = 5_000
"""Tables of one dataset that are listed."""
PAGE = 1_000
KINDS = {"TABLE": "table", "VIEW": "view", "MATERIALIZED_VIEW": "materialized view", "EXTERNAL": "external table"}


@dataclass(frozen=True)
class Entry:
    """A table or view in a dataset."""

    dataset: str
    name: str
    kind: str

    @property
    def path(self) -> str:
        """`dataset.table`."""
        return f"{self.dataset}.{self.name}"


@dataclass(frozen=True)
class Dataset:
    """A dataset with its tables, by name. `is_cut` says that it has more than are listed."""

    name: str
    tables: tuple[Entry, ...]
    is_cut: bool = False


@for_all_pages(SECONDS)
async def datasets(warehouse: Warehouse) -> list[Dataset]:
    """Return the project's datasets by name, without hidden ones, for all open pages. Raises ServiceError.

    Each dataset is asked for in a call of its own, so that the time limit is for one dataset, not for the project.
    """
    names = await warehouse.call(_names)
    return await gathered(lambda name: warehouse.call(partial(_dataset, name=name)), names)


def _names(client: bigquery.Client) -> list[str]:
    return sorted(item.dataset_id for item in client.list_datasets() if not item.dataset_id.startswith("_"))


def matching(found: list[Dataset], text: str) -> list[Dataset]:
    """Return the datasets with the tables whose `dataset.table` contains every word of a text, in any case."""
    words = text.lower().split()
    if not words:
        return found
    kept = [
        Dataset(each.name, tuple(t for t in each.tables if all(w in t.path.lower() for w in words)), each.is_cut)
        for each in found
    ]
    return [each for each in kept if each.tables]


def _dataset(client: bigquery.Client, name: str) -> Dataset:
    listed = client.list_tables(f"{client.project}.{name}", max_results=MOST_TABLES + 1, page_size=PAGE)
    tables = [Entry(name, item.table_id, KINDS.get(item.table_type, "table")) for item in listed]
    return Dataset(name, tuple(sorted(tables[:MOST_TABLES], key=lambda each: each.name)), len(tables) > MOST_TABLES)
