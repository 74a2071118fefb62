"""Following a run to its verdict. The programs that run before an installation run on old Pythons."""

import ast
import http.client
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools import dagster_run
from tools.stack import run as stack_run
from tools.stack.compose import StackError

ROOT = Path(__file__).resolve().parents[3]
STACK = sorted(f"stack/{path.name}" for path in ROOT.glob("tools/stack/*.py"))
BEFORE_AN_INSTALL = [
    "__init__.py",
    "env_file.py",
    "disk.py",
    "endings.py",
    "install.py",
    "dagster_run.py",
    "local/__init__.py",
    "local/claims.py",
    "direct.py",
    *STACK,
]


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


def test_a_clock_that_is_set_during_a_run_does_not_change_its_seconds(
    events: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    events.append({"status": "SUCCESS"})
    hours = iter(range(1_000_000, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: next(hours) * 3600.0)
    assert 0 <= dagster_run.run("http://127.0.0.1:9") < 60


def test_a_run_that_succeeds_with_a_failed_check_is_told_as_such(events: list[dict[str, Any]]) -> None:
    events += [check(success=False, severity="ERROR"), {"status": "SUCCESS"}]
    with pytest.raises(dagster_run.DagsterRunError, match="succeeded, but 1 of its checks failed"):
        dagster_run.run("http://127.0.0.1:9")


def test_a_failed_check_is_printed_with_what_it_found_and_its_numbers(
    events: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    failed = check(success=False, severity="ERROR")
    failed["evaluation"] |= {
        "description": "a.csv, line 3, column 'zip': '02134' is loaded as 2134.\nand 2 more",
        "metadataEntries": [
            {"label": "rows", "intValue": 7},
            {"label": "share", "floatValue": 0.5},
            {"label": "findings"},
        ],
    }
    passed = check(success=True, severity="ERROR")
    passed["evaluation"]["description"] = "7 rows"
    events += [failed, passed, {"status": "FAILURE"}]
    with pytest.raises(dagster_run.DagsterRunError):
        dagster_run.run("http://127.0.0.1:9")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    at = next(number for number, line in enumerate(lines) if "FAIL" in line and "a: c" in line)
    assert lines[at + 1 : at + 4] == [
        "a.csv, line 3, column 'zip': '02134' is loaded as 2134.",
        "and 2 more",
        "rows: 7, share: 0.5",
    ]
    assert "7 rows" not in lines


def test_a_run_that_was_deleted_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: dict[str, Any] = {"runOrError": {}, "logsForRun": {}}
    monkeypatch.setattr(dagster_run, "query", lambda *_: gone)
    with pytest.raises(dagster_run.DagsterRunError, match="does not know the run"):
        next(dagster_run.follow("http://127.0.0.1:9", "run-id"))


def test_a_run_is_followed_no_longer_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs: dict[str, Any] = {
        "runOrError": {"status": "STARTED"},
        "logsForRun": {"events": [], "cursor": "1", "hasMore": False},
    }
    monkeypatch.setattr(dagster_run, "query", lambda *_: hangs)
    monkeypatch.setattr(dagster_run, "POLL_SECONDS", 0.01)
    with pytest.raises(dagster_run.DagsterRunError, match="has not ended"):
        list(dagster_run.follow("http://127.0.0.1:9", "run-id", seconds=0.05))


def test_the_end_of_a_run_is_seen_between_two_looks_at_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = iter(["STARTED", "STARTED", "SUCCESS", "SUCCESS"])
    asked = []

    def query(_url: str, document: str, _variables: dict[str, Any]) -> dict[str, Any]:
        asked.append("events" if document == dagster_run.EVENTS else "status")
        logs = {"logsForRun": {"events": [], "cursor": "1", "hasMore": False}} if asked[-1] == "events" else {}
        return {"runOrError": {"status": next(statuses)}} | logs

    monkeypatch.setattr(dagster_run, "query", query)
    monkeypatch.setattr(dagster_run, "POLL_SECONDS", 0.0)
    assert list(dagster_run.follow("http://127.0.0.1:9", "run-id")) == [{"status": "SUCCESS"}]
    assert asked == ["events", "status", "status", "events"]


def test_events_that_are_stored_while_the_status_is_looked_up_are_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = iter([[], [{"__typename": "RunSuccessEvent"}]])

    def query(*_: Any) -> dict[str, Any]:
        return {
            "runOrError": {"status": "SUCCESS"},
            "logsForRun": {"events": next(stored), "cursor": "1", "hasMore": False},
        }

    monkeypatch.setattr(dagster_run, "query", query)
    followed = list(dagster_run.follow("http://127.0.0.1:9", "run-id"))
    assert followed == [{"__typename": "RunSuccessEvent"}, {"status": "SUCCESS"}]


def test_a_platform_that_does_not_run_is_told_with_what_to_start() -> None:
    with pytest.raises(dagster_run.DagsterRunError, match="make dev"):
        dagster_run.run("http://127.0.0.1:9")


@pytest.mark.parametrize("answer", [b"<html>", b"", b"[]", b"null", b"{}", b'{"data": null}'])
def test_another_server_at_the_address_is_told(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr(dagster_run, "open_url", lambda *_, **__: io.BytesIO(answer))
    with pytest.raises(dagster_run.DagsterRunError, match=r"http://127\.0\.0\.1:8080 is not Dagster"):
        dagster_run.run("http://127.0.0.1:8080")


def test_an_answer_that_is_cut_off_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A webserver that ends meanwhile: `follow` asks again."""

    class Answer(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            raise http.client.IncompleteRead(b"{")

    monkeypatch.setattr(dagster_run, "open_url", lambda *_, **__: Answer())
    with pytest.raises(ConnectionError, match="IncompleteRead"):
        dagster_run.query("http://127.0.0.1:9", "{ version }")


def test_a_code_location_that_cannot_be_loaded_is_told_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    error = {"message": "Error occurred\n", "causes": [{"message": "RuntimeError: Compilation Error\n"}]}
    entries = [{"name": "a", "locationOrLoadError": error}, {"name": "b", "locationOrLoadError": {}}]
    monkeypatch.setattr(dagster_run, "query", lambda *_: {"workspaceOrError": {"locationEntries": entries}})
    with pytest.raises(dagster_run.DagsterRunError, match=r"Error occurred\nRuntimeError: Compilation Error$"):
        dagster_run.reload("http://127.0.0.1:9")


def test_a_busy_dagster_is_not_told_as_a_stopped_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> dict[str, Any]:
        raise TimeoutError("timed out")

    monkeypatch.setattr(dagster_run, "query", silent)
    for command, seconds in ((dagster_run.reload, 300), (dagster_run.run, 60)):
        with pytest.raises(dagster_run.DagsterRunError, match=rf"{seconds} s.*http://127.0.0.1:9/locations") as told:
            command("http://127.0.0.1:9")
        assert "Start the platform" not in str(told.value)
        # A service of Compose: `make logs` knows it on Docker and without.
        assert set(re.findall(r"make logs s=(\S+)", str(told.value))) <= {"code", "webserver", "daemon"}


def test_a_code_server_that_ended_is_told_without_the_state_of_grpc(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "dagster._core.errors.DagsterUserCodeUnreachableError: Could not reach user code server.\nstatus = {"
    answers = iter(
        [
            {"repositoriesOrError": {"nodes": []}},
            {
                "workspaceOrError": {
                    "locationEntries": [{"name": "a", "locationOrLoadError": {"message": message, "causes": []}}]
                }
            },
        ]
    )
    monkeypatch.setattr(dagster_run, "query", lambda *_: next(answers))
    with pytest.raises(dagster_run.DagsterRunError, match="code server does not answer") as told:
        dagster_run.launch("http://127.0.0.1:9")
    assert "status =" not in str(told.value)


def test_the_end_of_a_failed_run_does_not_repeat_the_errors_of_its_steps() -> None:
    message = (
        "Execution of run for \"all_assets\" failed. Steps failed: ['dbt_build']. Failure: dbt failed:\nno column x"
    )
    event = {
        "__typename": "RunFailureEvent",
        "timestamp": "1000",
        "message": message,
        "error": {"message": "no column"},
    }
    line = dagster_run.describe(event, 0)
    assert line is not None
    assert "dbt_build" in line
    assert "no column" not in line
    event["message"] = "The run worker was killed."
    assert "no column" in str(dagster_run.describe(event, 0))


def followed(
    monkeypatch: pytest.MonkeyPatch, *interrupts: float, answer: dict[str, Any], status: str = "STARTED"
) -> list[str]:
    """The lines of `make run` after as many Ctrl-C as asked for, the first one while the run is followed."""
    lines: list[str] = []
    waits = iter(interrupts)

    def follow(_url: str, _run: str) -> Iterator[dict[str, Any]]:
        if not lines:
            raise KeyboardInterrupt
        yield {"status": "CANCELED"}

    def sleep(_seconds: float) -> None:
        if next(waits, None) is not None:
            raise KeyboardInterrupt

    monkeypatch.setattr(dagster_run, "launch", lambda _url: "run-id")
    monkeypatch.setattr(dagster_run, "follow", follow)
    monkeypatch.setattr(dagster_run, "query", lambda *_: {"terminateRun": answer, "runOrError": {"status": status}})
    monkeypatch.setattr(stack_run, "address", lambda: "http://127.0.0.1:9")
    monkeypatch.setattr(stack_run, "say", lines.append)
    monkeypatch.setattr(time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        stack_run.run()
    return lines


def test_after_ctrl_c_the_run_goes_on_and_a_second_one_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = {"__typename": "TerminateRunSuccess"}
    [told] = followed(monkeypatch, answer=ended)
    assert "http://127.0.0.1:9/runs/run-id" in told
    assert "CANCELED" in followed(monkeypatch, 1, answer=ended)[-1]


def test_a_run_that_cannot_be_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"__typename": "TerminateRunFailure", "message": "no run worker"}
    with pytest.raises(StackError, match="no run worker"):
        followed(monkeypatch, 1, answer=refused)
    assert "SUCCESS" in followed(monkeypatch, 1, answer=refused, status="SUCCESS")[-1]  # it has just ended


@pytest.mark.parametrize("name", BEFORE_AN_INSTALL)
def test_what_runs_before_an_install_runs_on_python_3_9(name: str) -> None:
    text = (ROOT / "tools" / name).read_text()
    tree = ast.parse(text, feature_version=(3, 9))
    code = [node for node in tree.body if not isinstance(node, ast.Expr)]
    assert not code or "from __future__ import annotations" in text, (
        "types such as `str | None` are evaluated without it"
    )
