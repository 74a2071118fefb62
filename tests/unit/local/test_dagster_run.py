"""Following a run: its verdict; and that what runs before an install runs on old Pythons."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools import dagster_run

ROOT = Path(__file__).resolve().parents[3]
STACK = sorted(f"stack/{path.name}" for path in ROOT.glob("tools/stack/*.py"))
BEFORE_AN_INSTALL = ["__init__.py", "env_file.py", "install.py", "dagster_run.py", "direct.py", *STACK]


def check(*, success: bool, severity: str) -> dict[str, Any]:
    """The event of an asset check."""
    evaluation = {"checkName": "c", "assetKey": {"path": ["a"]}, "success": success, "severity": severity}
    return {"__typename": "AssetCheckEvaluationEvent", "timestamp": "0", "evaluation": evaluation}


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The events of the run that is followed next."""
    found: list[dict[str, Any]] = []

    def follow(_url: str, _run: str) -> Iterator[dict[str, Any]]:
        yield from found

    monkeypatch.setattr(dagster_run, "launch", lambda _url: "run-id")
    monkeypatch.setattr(dagster_run, "follow", follow)
    return found


def test_a_warning_is_not_a_failure(events: list[dict[str, Any]]) -> None:
    events += [check(success=True, severity="ERROR"), check(success=False, severity="WARN"), {"status": "SUCCESS"}]
    assert dagster_run.run("http://127.0.0.1:9") >= 0


def test_a_run_that_succeeds_with_a_failed_check_is_told_as_such(events: list[dict[str, Any]]) -> None:
    events += [check(success=False, severity="ERROR"), {"status": "SUCCESS"}]
    with pytest.raises(dagster_run.DagsterRunError, match="succeeded, but 1 of its checks failed"):
        dagster_run.run("http://127.0.0.1:9")


def test_a_run_that_was_deleted_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: dict[str, Any] = {"runOrError": {}, "logsForRun": {}}
    monkeypatch.setattr(dagster_run, "query", lambda *_: gone)
    with pytest.raises(dagster_run.DagsterRunError, match="does not know the run"):
        next(dagster_run.follow("http://127.0.0.1:9", "run-id"))


def test_a_platform_that_does_not_run_is_told_with_what_to_start() -> None:
    with pytest.raises(dagster_run.DagsterRunError, match="make dev"):
        dagster_run.run("http://127.0.0.1:9")


def test_a_code_location_that_cannot_be_loaded_is_told_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    error = {"message": "Error occurred\n", "causes": [{"message": "RuntimeError: Compilation Error\n"}]}
    entries = [{"name": "a", "locationOrLoadError": error}, {"name": "b", "locationOrLoadError": {}}]
    monkeypatch.setattr(dagster_run, "query", lambda *_: {"workspaceOrError": {"locationEntries": entries}})
    with pytest.raises(dagster_run.DagsterRunError, match=r"Error occurred\nRuntimeError: Compilation Error$"):
        dagster_run.reload("http://127.0.0.1:9")


@pytest.mark.parametrize("name", BEFORE_AN_INSTALL)
def test_what_runs_before_an_install_runs_on_python_3_9(name: str) -> None:
    text = (ROOT / "tools" / name).read_text()
    tree = ast.parse(text, feature_version=(3, 9))
    code = [node for node in tree.body if not isinstance(node, ast.Expr)]
    assert not code or "from __future__ import annotations" in text, (
        "types such as `str | None` are evaluated without it"
    )
