"""Dagster's storage in SQLite keeps the engines of its databases, and has the data of Dagster's own storage."""

from importlib import import_module
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from orchestrator import sqlite

CONFIGURATION = yaml.safe_load((Path(__file__).parents[3] / "services/orchestrator/dagster-local.yaml").read_text())


def test_a_database_has_one_engine_and_is_that_of_dagsters_own_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = CONFIGURATION["storage"]["custom"]
    assert getattr(import_module(named["module"]), named["class"]) is sqlite.KeptSqliteStorage
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(CONFIGURATION))
    with dg.DagsterInstance.get() as instance:
        run = instance.add_run(dg.DagsterRun(job_name="j"))
        instance.report_engine_event("first", run)
        made = sqlite.engine.cache_info().misses
        for number in range(20):
            instance.report_engine_event(str(number), run)
            assert instance.get_run_by_id(run.run_id) == run
        assert sqlite.engine.cache_info().misses == made
        assert len(instance.all_logs(run.run_id)) == 21
    own = DagsterSqliteStorage.from_local(str(tmp_path))
    assert own.run_storage.get_runs() == [run]
    assert len(own.event_log_storage.get_logs_for_run(run.run_id)) == 21
