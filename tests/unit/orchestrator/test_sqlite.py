"""Dagster's storage in SQLite keeps its connections, and has the data of Dagster's own storage."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy
import yaml
from alembic.script import ScriptDirectory
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from orchestrator import sqlite

CONFIGURATION = yaml.safe_load((Path(__file__).parents[3] / "services/orchestrator/dagster-local.yaml").read_text())


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Return the files of the databases that were opened in the test, one for each connection."""
    found: list[str] = []

    def note(connection: sqlalchemy.engine.interfaces.DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("pragma database_list")
        found.append(Path(cursor.fetchall()[0][2]).name)
        cursor.close()

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", note)
    yield found
    sqlalchemy.event.remove(sqlalchemy.Engine, "connect", note)


def test_a_database_is_opened_once_and_is_that_of_dagsters_own_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    named = CONFIGURATION["storage"]["custom"]
    assert getattr(import_module(named["module"]), named["class"]) is sqlite.KeptSqliteStorage
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(CONFIGURATION))
    with dg.DagsterInstance.get() as instance:
        run = instance.add_run(dg.DagsterRun(job_name="j"))
        instance.report_engine_event("first", run)
        assert instance.event_log_storage.supports_asset_checks
        before = len(opened)
        for number in range(20):
            instance.report_engine_event(str(number), run)
            assert instance.get_run_by_id(run.run_id) == run
            assert instance.event_log_storage.supports_asset_checks
        assert opened[before:] == []
        assert len(instance.all_logs(run.run_id)) == 21
        engines = instance.run_storage._engines  # type: ignore[attr-defined]
        assert engines._kept
    assert not engines._kept, "the connections are closed with the instance"
    own = DagsterSqliteStorage.from_local(str(tmp_path))
    assert own.run_storage.get_runs() == [run]
    assert len(own.event_log_storage.get_logs_for_run(run.run_id)) == 21


def test_migrations_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite.KeptSqliteStorage(str(tmp_path)).run_storage.dispose()
    monkeypatch.setattr(ScriptDirectory, "_load_revisions", lambda _: pytest.fail("the scripts are read again"))
    storage = sqlite.KeptSqliteStorage(str(tmp_path))
    head = storage.run_storage.alembic_version()
    assert head is not None
    assert head[0] == head[1]
    storage.run_storage.dispose()


def test_a_wiped_storage_writes_where_others_read(tmp_path: Path) -> None:
    kept = sqlite.KeptSqliteStorage(str(tmp_path))
    storage, run_id = kept.event_log_storage, dg.DagsterRun(job_name="j").run_id
    event = dg.EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None, level=20, user_message="x", run_id=run_id, timestamp=1.0, dagster_event=None
    )
    for _ in range(2):
        storage.store_event(event)
        assert len(DagsterSqliteStorage.from_local(str(tmp_path)).event_log_storage.get_logs_for_run(run_id)) == 1
        storage.wipe()
    storage.dispose()


def test_an_error_while_rows_are_read_leaves_no_old_snapshot(tmp_path: Path) -> None:
    """A logger may keep the exception, and with it the cursor, which has not read all of its rows."""
    engines, url = sqlite.Engines(), f"sqlite:///{tmp_path}/x.db"
    write = sqlalchemy.text("insert into t values (1)")
    with engines.connected(url) as connection:
        connection.execute(sqlalchemy.text("pragma journal_mode = wal"))
        connection.execute(sqlalchemy.text("create table t (x integer)"))
        for _ in range(3):
            connection.execute(write)

    def read() -> None:
        with engines.connected(url) as connection:
            rows = connection.execute(sqlalchemy.text("select x from t"))
            assert rows.fetchone()
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop") as kept:
        read()
    other = sqlite.Engines()
    with other.connected(url) as connection:
        connection.execute(write)
    with engines.connected(url) as connection:
        connection.execute(write)
        assert connection.execute(sqlalchemy.text("select count(*) from t")).scalar() == 5
    assert kept.value.__traceback__
    engines.close()
    other.close()


def test_the_connections_of_old_databases_are_closed(tmp_path: Path, opened: list[str]) -> None:
    engines = sqlite.Engines()
    for _ in range(2):
        for number in range(sqlite.ENGINES + 1):
            with engines.get(f"sqlite:///{tmp_path}/{number}.db").connect() as connection:
                assert connection.execute(sqlalchemy.text("pragma synchronous")).scalar() == 1  # normal
    # Each was the oldest when its turn came again, and was opened again.
    assert len(opened) == 2 * (sqlite.ENGINES + 1)
    kept = [engine.pool.checkedin() for engine in engines._kept.values()]  # type: ignore[attr-defined]
    assert kept == [1] * sqlite.ENGINES
    engines.close()
