"""dbt is started without what costs dagster-dbt seconds before; the names we override still exist."""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import dagster as dg
import pytest
from packaging.version import Version

from orchestrator import dbt
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


def test_a_run_starts_a_warm_dbt_if_its_environment_has_the_client(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []

    class Warm:
        def __init__(self) -> None:
            done.append("started")

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
    assert done == ["started", "built", "stopped"]


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


@pytest.mark.parametrize("installed", ["2.0.0", "2.1.0b3", None])
def test_dbt_2_is_refused_with_the_next_command(installed: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(_name: str) -> str:
        if installed is None:
            raise PackageNotFoundError
        return installed

    dbt.require_version()
    monkeypatch.setattr(dbt, "version", version)
    with pytest.raises(RuntimeError, match=r"tools\.install orchestrator") as error:
        dbt.prepare(DbtProject(PROJECT))
    assert (installed or "No dbt-core") in str(error.value)


def test_a_file_that_changes_while_dbt_reads_the_project_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: x")
    model = tmp_path / "models/a.sql"
    model.parent.mkdir()
    model.write_text("select 1")

    def parse(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        model.write_text("select 2")
        now = model.stat().st_mtime_ns + 1_000_000_000  # dbt ends a second later
        (tmp_path / "target/manifest.json").write_text('{"metadata": {"dbt_version": "1.11.16"}}')
        os.utime(tmp_path / "target/manifest.json", ns=(now, now))
        os.utime(model, ns=(now - 500_000_000,) * 2)
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.setattr(dbt.subprocess, "run", parse)  # type: ignore[attr-defined]
    dbt.prepare(DbtProject(tmp_path))
    assert not dbt._is_current(DbtProject(tmp_path))


@pytest.mark.parametrize(("version", "current"), [("1.11.16", True), ("2.0.0", False)])
def test_a_manifest_of_dbt_2_is_made_again(version: str, current: bool, tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: x")
    (tmp_path / "target").mkdir()
    (tmp_path / "target/manifest.json").write_text(f'{{"metadata": {{"dbt_version": "{version}"}}}}')
    assert dbt._is_current(DbtProject(tmp_path)) is current
