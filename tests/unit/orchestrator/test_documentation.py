"""When the documentation of the models is made, and that its files are replaced at once."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from orchestrator.documentation import job, pages


def manifest(**changes: Any) -> dict[str, Any]:
    model = {"checksum": {"checksum": "a"}, "description": "Orders", "created_at": 1.0, **changes}
    return {"metadata": {"generated_at": "now"}, "nodes": {"model.p.orders": model}, "sources": {}}


@pytest.mark.parametrize(
    "change", [{"checksum": {"checksum": "b"}}, {"description": "All orders"}, {"columns": {"id": {}}}]
)
def test_changed_models_are_documented_again(change: dict[str, Any]) -> None:
    assert job.fingerprint(manifest(**change)) != job.fingerprint(manifest())


def test_models_that_are_only_parsed_again_are_not() -> None:
    again = manifest(created_at=2.0) | {"metadata": {"generated_at": "later"}}
    assert job.fingerprint(again) == job.fingerprint(manifest())


@pytest.mark.parametrize(
    ("name", "steps", "is_asked"),
    [
        ("all_assets", ["sync_orders", "dbt_build"], True),
        ("connection_orders", ["dbt_build_orders"], True),
        ("landing", ["sync_orders"], False),
        (job.JOB, ["dbt_build"], False),
    ],
)
def test_only_a_run_that_has_built_models_asks_for_them(name: str, steps: list[str], is_asked: bool) -> None:
    stats = [SimpleNamespace(step_key=step) for step in steps]
    instance: Any = SimpleNamespace(get_run_step_stats=lambda _run: stats, get_runs=lambda *_, **__: [])
    found = job.request(instance, dg.DagsterRun(job_name=name, run_id="r"), "state")
    assert isinstance(found, dg.RunRequest) is is_asked
    assert not is_asked or "state" in str(found.run_key)  # type: ignore[union-attr]


def test_documentation_that_failed_is_asked_for_again_and_that_was_made_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dg.DagsterInstance, "get_run_step_stats", lambda *_: [SimpleNamespace(step_key="dbt_build")])
    keys = set()
    with dg.DagsterInstance.ephemeral() as instance:
        for number, (status, state, is_asked) in enumerate(
            [
                (dg.DagsterRunStatus.FAILURE, "a", True),
                (dg.DagsterRunStatus.STARTED, "a", False),
                (dg.DagsterRunStatus.SUCCESS, "a", False),
                (dg.DagsterRunStatus.SUCCESS, "b", True),  # the models are as before b again
            ]
        ):
            instance.add_run(dg.DagsterRun(job_name=job.JOB, status=status, tags={job.STATE: state}))
            found = job.request(instance, dg.DagsterRun(job_name="all_assets", run_id=f"r{number}"), "a")
            assert isinstance(found, dg.RunRequest) is is_asked, (status, state)
            if isinstance(found, dg.RunRequest):
                assert found.tags[job.STATE] == "a"
                keys.add(found.run_key)
    assert len(keys) == 2, "Dagster skips a key that it knows"


def test_a_page_is_replaced_at_once_and_readable_for_the_console(tmp_path: Path) -> None:
    made, page = tmp_path / "made.html", tmp_path / "page.html"
    page.write_text("old")
    made.write_text("new")
    made.chmod(0o600)
    pages._put(made, page)
    assert page.read_text() == "new"
    assert page.stat().st_mode & 0o444 == 0o444
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.html", "page.html"]
