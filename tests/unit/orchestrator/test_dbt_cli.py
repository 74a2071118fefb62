"""dbt starts without two steps of dagster-dbt that take seconds; the names that we override still exist."""

import shutil
import sys
import tempfile
from pathlib import Path

import dagster as dg
import pytest
from packaging.version import Version

from orchestrator import dbt
from orchestrator.dbt import DbtCli, dbt_cli
from orchestrator.dbt_integration import DbtCliInvocation, DbtCliResource, DbtProject
from orchestrator.manifest import DBT

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


def test_a_run_starts_a_warm_dbt_if_its_environment_has_the_client(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []

    class Warm:
        def __init__(self, *, joint_tests: bool) -> None:
            done.append(f"started {joint_tests}")

        def stop(self) -> None:
            done.append("stopped")

    def use(resource: DbtCli) -> str:
        @dg.op
        def build(dbt: DbtCli) -> None:
            done.append("built")
            raise ValueError

        @dg.job(resource_defs={"dbt": resource})
        def models() -> None:
            build()

        assert not models.execute_in_process(raise_on_error=False).success
        return resource.dbt_executable

    monkeypatch.setattr(dbt, "WarmDbt", Warm)
    monkeypatch.setattr(dbt, "CLIENT", tmp_path / "orchestrator-dbt")
    assert use(dbt_cli(DbtProject(PROJECT))) == str(DBT)
    assert done == ["built"]
    done.clear()
    shutil.copy("/bin/true", dbt.CLIENT)
    assert use(dbt_cli(DbtProject(PROJECT))) == str(dbt.CLIENT)
    assert done == ["started True", "built", "stopped"]
    done.clear()
    monkeypatch.setenv("JOINT_TESTS", "no")
    use(dbt_cli(DbtProject(PROJECT)))
    assert done == ["started False", "built", "stopped"]


def test_a_folder_whose_path_is_too_long_for_a_socket_does_not_fail_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / ("x" * 110)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(dbt, "CLIENT", DBT)
    with dg.build_init_resource_context() as context:
        resource = DbtCli(project_dir=str(PROJECT), dbt_executable=str(DBT))
        resource.setup_for_execution(context)
        resource.teardown_after_execution(context)
    assert list(folder.iterdir()) == []


def test_the_code_location_is_loaded_without_dbt_core() -> None:
    assert sys.modules["dagster_dbt.compat"].DBT_PYTHON_VERSION is None
