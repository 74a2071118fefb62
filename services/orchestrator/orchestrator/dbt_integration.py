"""Imports dagster-dbt without dbt-core, which takes more than a second. Import dagster-dbt from here only.

dagster-dbt imports dbt-core if it is installed. If it is not, dagster-dbt defines the few names that it takes from it.
The code location and a run do not use dbt-core: dbt runs as a process of its own, and every node of the manifest is an
asset or a check. `dbt_assets(select=…)`, which takes some of the nodes, does need dbt-core in this process: to use it,
replace this module by plain imports.
"""

import sys

_unloaded = "dbt.version" not in sys.modules
if _unloaded:
    sys.modules["dbt.version"] = None  # type: ignore[assignment]  # Python then raises ModuleNotFoundError for it
try:
    from dagster_dbt import (
        DagsterDbtTranslator,
        DagsterDbtTranslatorSettings,
        DbtCliInvocation,
        DbtCliResource,
        DbtProject,
        dbt_assets,
    )
    from dagster_dbt.errors import DagsterDbtCliRuntimeError
finally:
    if _unloaded:
        del sys.modules["dbt.version"]

__all__ = [
    "DagsterDbtCliRuntimeError",
    "DagsterDbtTranslator",
    "DagsterDbtTranslatorSettings",
    "DbtCliInvocation",
    "DbtCliResource",
    "DbtProject",
    "dbt_assets",
]
