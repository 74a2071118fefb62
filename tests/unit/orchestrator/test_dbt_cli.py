"""dbt is started without what costs dagster-dbt seconds before; the names we override still exist."""

from pathlib import Path

import dagster_dbt.compat
from packaging.version import Version

from orchestrator.dbt import DBT, DbtCli, dbt_cli
from orchestrator.dbt_integration import DbtCliInvocation, DbtCliResource, DbtProject

PROJECT = Path(__file__).parents[3] / "dbt_project"


def test_what_is_overridden_exists() -> None:
    for name in ("_cli_version", "_initialize_dbt_core_adapter"):
        assert name in vars(DbtCliResource)
        assert name in vars(DbtCli)
    assert "_stream_stdout" in vars(DbtCliInvocation)
    assert "_stdout" in DbtCliInvocation.__dataclass_fields__


def test_version_without_starting_dbt() -> None:
    resource = dbt_cli(DbtProject(PROJECT))
    assert Version("1.11") <= resource._cli_version < Version("1.12")
    assert resource._initialize_dbt_core_adapter([]) is None
    assert resource.dbt_executable == str(DBT)


def test_the_code_location_is_loaded_without_dbt_core() -> None:
    assert dagster_dbt.compat.DBT_PYTHON_VERSION is None
