"""dbt's manifest is made again when something has changed that a parse depends on, and only then."""

import subprocess
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from orchestrator import manifest

PROFILES = """
x:
  target: "{{ env_var('WAREHOUSE') }}"
  host: "{{ env_var( 'BIGQUERY_EMULATOR_HOST' ) }}"
  limit: "{{ env_var('BQ_MAXIMUM_BYTES_BILLED', '') }}"
"""


@pytest.fixture
def parses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Prepare the project in the folder `project`, with a stand-in for dbt; return whether it was parsed."""
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: x")
    (project / "profiles.yml").write_text(PROFILES)
    (project / "models/a.sql").write_text('select {{ env_var("A", "1") }}')
    (project / "models/b.sql").write_text("select 2 {# {{ env_var ('Q', '') }} #}")
    monkeypatch.setenv("WAREHOUSE", "emulator")
    parsed: list[Any] = []

    def run(command: list[str], **_options: Any) -> Any:
        parsed.append(command)
        (Path(command[-1]) / "manifest.json").write_text(f'{{"metadata": {{"invocation_id": "{len(parsed)}"}}}}')
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)

    def prepare() -> bool:
        before = len(parsed)
        assert manifest.prepare(manifest.dbt_project(project)).exists()
        return len(parsed) > before

    assert prepare()
    assert not prepare()
    return prepare


def test_what_a_parse_does_not_depend_on_makes_no_parse(
    parses: Callable[[], bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("B", "2")  # which no file reads
    monkeypatch.setenv("BQ_MAXIMUM_BYTES_BILLED", "")  # as Compose passes it
    monkeypatch.setenv("DBT_TARGET", "")  # which dbt takes for unset
    (tmp_path / "project/logs").mkdir()
    (tmp_path / "project/logs/x.yml").write_text("of dbt")
    (tmp_path / "project/target/x.sql").write_text("compiled")
    (tmp_path / "project/models/a.sql").touch()
    assert not parses()


def test_another_value_of_a_variable_makes_a_parse_also_if_a_run_was_interrupted_before(
    parses: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every manifest here is newer than all files, so only the variables can make a parse necessary."""
    others = dict.fromkeys(("A", "Q", "WAREHOUSE", *manifest.CHOICES), "other")
    for name, value in [*others.items(), ("A", "")]:  # dbt's default is not for an empty variable
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert parses(), f"{name}={value}"
            assert not parses()
        assert parses()


@pytest.mark.parametrize("change", ["content", "new", "removed", "renamed", "ignored", "linked"])
def test_another_file_makes_a_parse(parses: Callable[[], bool], tmp_path: Path, change: str) -> None:
    file = tmp_path / "project/models/b.sql"
    match change:
        case "content":
            file.write_text("select 3")
        case "new":
            file.with_name("c.yml").write_text("")
        case "removed":
            file.unlink()
        case "renamed":
            file.rename(file.with_name("c.sql"))
        case "ignored":
            (tmp_path / "project/.dbtignore").write_text("b.sql")
        case "linked":  # dbt links to a local package; here the package links back to the project
            (tmp_path / "package").mkdir()
            (tmp_path / "package/c.sql").write_text("select 3")
            (tmp_path / "package/project").symlink_to(tmp_path / "project")
            (tmp_path / "project/package").symlink_to(tmp_path / "package")
    assert parses()
    assert not parses()


def test_another_release_of_dbt_or_a_manifest_of_another_command_makes_a_parse(
    parses: Callable[[], bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project/target/manifest.json").write_text('{"metadata": {"dbt_version": "2.0.0"}}')
    assert parses()
    monkeypatch.setattr(manifest, "version", lambda _name: "1.11.99")
    assert parses()


@pytest.mark.usefixtures("parses")
@pytest.mark.parametrize("installed", ["2.0.0", "2.1.0b3", None])
def test_dbt_2_is_refused_with_the_next_command(
    installed: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(_name: str) -> str:
        if installed is None:
            raise PackageNotFoundError
        return installed

    monkeypatch.setattr(manifest, "version", version)
    with pytest.raises(RuntimeError, match=r"tools\.install orchestrator") as error:
        manifest.prepare(manifest.dbt_project(tmp_path / "project"))
    assert (installed or "No dbt-core") in str(error.value)
