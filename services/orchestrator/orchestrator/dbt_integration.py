"""Imports dagster-dbt without dbt-core, which takes more than a second. Import dagster-dbt from here only.

dagster-dbt imports dbt-core if it is installed. If it is not, dagster-dbt defines the few names that it takes from it.
The code location and a run do not use dbt-core: dbt runs as a process of its own, and every node of the manifest is an
asset or a check. `dbt_assets(select=…)`, which takes some of the nodes, does need dbt-core in this process: to use it,
replace this module by plain imports.
"""

from collections.abc import Set

import dagster as dg

from orchestrator.hidden import hidden

with hidden("dbt.version"):
    from dagster_dbt import (
        DagsterDbtTranslator,
        DagsterDbtTranslatorSettings,
        DbtCliInvocation,
        DbtCliResource,
        DbtProject,
        dbt_assets,
    )
    from dagster_dbt.asset_utils import (
        DAGSTER_DBT_MANIFEST_METADATA_KEY,
        DAGSTER_DBT_SELECT_METADATA_KEY,
        get_dbt_resource_names_for_asset_keys,
        get_dbt_test_names_for_check_keys,
        get_manifest_and_translator_from_dbt_assets,
    )
    from dagster_dbt.errors import DagsterDbtCliRuntimeError

__all__ = [
    "DagsterDbtCliRuntimeError",
    "DagsterDbtTranslator",
    "DagsterDbtTranslatorSettings",
    "DbtCliInvocation",
    "DbtCliResource",
    "DbtProject",
    "dbt_assets",
    "selection_of",
]


def selection_of(models: dg.AssetsDefinition, keys: Set[dg.AssetKey], checks: Set[dg.AssetCheckKey]) -> dict[str, str]:
    """Return the tag of a step with which dagster-dbt selects some models and tests of `models`.

    The tests of the selected models need not be named. Empty if `models` are not dbt's.
    """
    if not any(DAGSTER_DBT_MANIFEST_METADATA_KEY in spec.metadata for spec in models.specs):
        return {}
    manifest, translator, _ = get_manifest_and_translator_from_dbt_assets([models])
    others = {check for check in checks if check.asset_key not in keys}  # tests of the sources
    selected = [
        *get_dbt_resource_names_for_asset_keys(translator, manifest, models, keys),
        *get_dbt_test_names_for_check_keys(translator, manifest, models, others),
    ]
    return {DAGSTER_DBT_SELECT_METADATA_KEY: " ".join(sorted(selected))}
