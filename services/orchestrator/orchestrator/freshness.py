"""How old a table may be: from the `freshness` blocks of dbt's sources, for landing tables and models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import dagster as dg

from orchestrator.dbt_integration import DagsterDbtTranslator, DagsterDbtTranslatorSettings

PERIODS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
SHORTEST = timedelta(minutes=1)
"""Dagster takes no shorter window."""


@dataclass(frozen=True)
class Limits:
    """The ages from which a table is late: a warning, an error; None is no limit."""

    warn: timedelta | None = None
    error: timedelta | None = None

    @property
    def policy(self) -> dg.FreshnessPolicy | None:
        """Dagster's policy; None without limits. Dagster needs a window that fails: without one, the warning's."""
        fail = self.error or self.warn
        if fail is None or fail < SHORTEST:
            return None
        warn = self.warn if self.warn and SHORTEST <= self.warn < fail else None
        return dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=warn)


NO_LIMITS = Limits()


def strictest(limits: Iterable[Limits]) -> Limits:
    """Return the shortest limit of each kind."""
    found = list(limits)
    return Limits(
        min((each.warn for each in found if each.warn), default=None),
        min((each.error for each in found if each.error), default=None),
    )


class Freshness:
    """The limits of the sources and models of a dbt manifest."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self.manifest = manifest
        self._known: dict[str, Limits] = {}

    @cached_property
    def sources(self) -> dict[str, Limits]:
        """The limits of each source table, named `source.table` as in connections.yaml."""
        return {
            f"{node['source_name']}.{node['name']}": _limits(node.get("freshness") or {})
            for node in self.manifest["sources"].values()
        }

    def of_node(self, unique_id: str) -> Limits:
        """Return the limits of a source, or the strictest of the sources that a model is built from."""
        # An explicit stack: a chain of models may be longer than Python's recursion limit.
        stack = [unique_id]
        while stack:
            node = stack[-1]
            parents = [] if node in self._known else self._parents(node)
            missing = [parent for parent in parents if parent not in self._known]
            if missing:
                stack += missing
                continue
            stack.pop()
            if node not in self._known:
                self._known[node] = self._own(node) or strictest(self._known[parent] for parent in parents)
        return self._known[unique_id]

    def _parents(self, unique_id: str) -> list[str]:
        node = self.manifest["nodes"].get(unique_id) or {}
        return list((node.get("depends_on") or {}).get("nodes") or [])

    def _own(self, unique_id: str) -> Limits | None:
        node = self.manifest["sources"].get(unique_id)
        return _limits(node.get("freshness") or {}) if node else None


class FreshTranslator(DagsterDbtTranslator):
    """dagster-dbt's translator. A model that holds rows gets a freshness policy; a view is as fresh as its tables."""

    def __init__(self, settings: DagsterDbtTranslatorSettings | None = None) -> None:
        """Make a translator without a manifest; each call has one."""
        super().__init__(settings)
        self._freshness = Freshness({})
        self._made: dict[tuple[str, int], dg.AssetSpec] = {}

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        """Return the asset of a dbt node."""
        if self._freshness.manifest is not manifest:
            self._freshness, self._made = Freshness(manifest), {}
        # dagster-dbt asks for a node again for each model and each test that depends on it.
        memo = unique_id, id(project)
        if memo not in self._made:
            spec = super().get_asset_spec(manifest, unique_id, project)
            policy = self._policy(unique_id)
            self._made[memo] = spec.replace_attributes(freshness_policy=policy) if policy else spec
        return self._made[memo]

    def _policy(self, unique_id: str) -> dg.FreshnessPolicy | None:
        node = self._freshness.manifest["nodes"].get(unique_id)
        if node is None or node["config"].get("materialized") in ("view", "ephemeral"):
            return None
        return self._freshness.of_node(unique_id).policy


def _limits(block: Mapping[str, Any]) -> Limits:
    return Limits(_age(block.get("warn_after")), _age(block.get("error_after")))


def _age(after: Mapping[str, Any] | None) -> timedelta | None:
    count, period = (after or {}).get("count"), (after or {}).get("period")
    return PERIODS[period] * int(count) if count and period else None
