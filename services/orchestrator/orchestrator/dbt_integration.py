"""Imports dagster-dbt without dbt-core. Import dagster-dbt from here: dbt-core takes more than a second to import.

dagster-dbt imports dbt-core if it is installed, and defines the few names that it takes from it if not. The code location
and a run do not use dbt-core: dbt runs as a process of its own, and every node of the manifest is an asset or a check.
To select only some nodes with `dbt_assets(select=…)`, dagster-dbt does need dbt-core: then replace this module by a plain
import.
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
