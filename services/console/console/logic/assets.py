"""Dagster's assets: the files, tables and models, and the dependencies between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.clients.dagster import Dagster, Json
from console.logic.shared import SECONDS, for_all_pages

ASSETS = """{ assetNodes { assetKey { path } groupName kinds description dependencyKeys { path }
  metadataEntries { label ... on TextMetadataEntry { text } } } }"""
SQL = re.compile(r"\s*#### Raw SQL:\s*```sql\n(.*?)\n?```\s*", re.DOTALL)
"""How dagster-dbt puts a model's SQL into its description."""

type Key = tuple[str, ...]


@dataclass(frozen=True)
class Asset:
    """A file, a table or a model. `table` is its name in BigQuery, `dataset.table`; empty for a file."""

    key: Key
    group: str = ""
    kinds: tuple[str, ...] = ()
    description: str = ""
    sql: str = ""
    table: str = ""
    parents: tuple[Key, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key[-1]


class Graph:
    """All assets, by key and by table."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self.assets = {asset.key: asset for asset in assets}
        self.of_table = {asset.table: asset for asset in self.assets.values() if asset.table}
        self._children: dict[Key, list[Key]] = {}
        for asset in self.assets.values():
            for parent in asset.parents:
                self._children.setdefault(parent, []).append(asset.key)

    def upstream(self, key: Key) -> set[Key]:
        """Return everything that an asset is made from, up to the files."""
        return self._reached(key, lambda each: self.assets[each].parents if each in self.assets else ())

    def downstream(self, key: Key) -> set[Key]:
        """Return everything that is made from an asset, down to the marts."""
        return self._reached(key, lambda each: self._children.get(each, ()))

    def around(self, key: Key) -> list[Asset]:
        """Return an asset with everything above and below it."""
        found = {key} | self.upstream(key) | self.downstream(key)
        return [asset for each, asset in self.assets.items() if each in found]

    @staticmethod
    def _reached(key: Key, following: Callable[[Key], Iterable[Key]]) -> set[Key]:
        found: set[Key] = set()
        waiting = [*following(key)]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += following(each)
        return found - {key}


@for_all_pages(SECONDS)
async def graph(dagster: Dagster) -> Graph:
    """Return all assets. Raises ServiceError."""
    answer = await dagster.query(ASSETS)
    return Graph(_asset(node) for node in answer["assetNodes"])


def _asset(node: Json) -> Asset:
    texts = {entry["label"]: entry.get("text", "") for entry in node["metadataEntries"]}
    description = node["description"] or ""
    found = SQL.search(description)
    return Asset(
        tuple(node["assetKey"]["path"]),
        node["groupName"],
        tuple(node["kinds"]),
        SQL.sub("", description).strip(),
        _unindented(found[1]) if found else "",
        ".".join(texts.get("dagster/table_name", "").split(".")[-2:]),
        tuple(tuple(key["path"]) for key in node["dependencyKeys"]),
    )


def _unindented(sql: str) -> str:
    """Return dagster-dbt's text of a model without the four blanks that it puts before each line."""
    lines = sql.split("\n")
    return "\n".join(line.removeprefix("    ") for line in lines) if lines[0].startswith("    ") else sql
