"""The job of one connection. Its steps know only the assets of the job.

Dagster's own asset job has whole steps, also if it runs a part of them: with a job for each connection, each one would
hold the outputs and checks of all models, and the code location would grow with the square of the project.
"""

from collections.abc import Mapping, Set
from typing import Any, cast

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.decorators.op_decorator import DecoratedOpFunction
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestrator.dbt_integration import selection_of

PREFIX = "connection_"


class ConnectionJob(UnresolvedAssetJobDefinition):
    """An asset job, which Dagster builds when the job is needed, as all asset jobs."""

    def resolve(self, asset_graph: AssetGraph, *arguments: Any, **options: Any) -> dg.JobDefinition:
        """Return the job, made from the parts of the graph that it runs."""
        keys, checks = self.selection.resolve(asset_graph), self.selection.resolve_checks(asset_graph)
        suffix = self.name.removeprefix(PREFIX)
        parts = [
            whole if whole.keys <= keys and whole.check_keys <= checks else part(whole, keys, checks, suffix)
            for whole in asset_graph.assets_defs_for_keys([*keys, *checks])
        ]
        return super().resolve(AssetGraph.from_assets(parts), *arguments, **options)


def part(
    whole: dg.AssetsDefinition, keys: Set[dg.AssetKey], checks: Set[dg.AssetCheckKey], suffix: str
) -> dg.AssetsDefinition:
    """Return the step with some of its assets and checks. The suffix makes its name unique, as Dagster requires."""
    name, function = f"{whole.op.name}_{suffix}", cast(DecoratedOpFunction, whole.op.compute_fn).decorated_fn
    about: Mapping[str, Any] = {"name": name, "can_subset": True, "description": whole.op.description}
    own, own_checks = whole.keys & keys, whole.check_keys & checks
    check_specs = [whole.get_spec_for_check_key(key) for key in sorted(own_checks)]
    if not own:
        made: dg.AssetsDefinition = dg.multi_asset_check(specs=check_specs, **about)(function)
        return made
    return dg.multi_asset(
        specs=[whole.get_asset_spec(key) for key in sorted(own)],
        check_specs=check_specs,
        pool=whole.op.pool,
        op_tags={**whole.op.tags, **selection_of(whole, own, own_checks)},
        allow_arbitrary_check_specs=True,
        **about,
    )(function)
