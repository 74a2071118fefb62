"""Dagster's storage in Postgres has two pools of connections for each process."""

from importlib import import_module
from pathlib import Path

import pytest
import sqlalchemy
import yaml
from sqlalchemy.pool import QueuePool

from orchestrator.postgres import PooledPostgresStorage

CONFIGURATION = Path(__file__).parents[3] / "compose/dagster/dagster.yaml"
POSTGRES = {
    "postgres_db": {"username": "u", "password": "p", "hostname": "h", "db_name": "d", "port": 5432},
    "should_autocreate_tables": False,
}


def storage() -> PooledPostgresStorage:
    named = yaml.safe_load(CONFIGURATION.read_text())["storage"]["custom"]
    made: PooledPostgresStorage = getattr(import_module(named["module"]), named["class"]).from_config_value(
        None, POSTGRES
    )
    return made


def engine_of(part: object) -> sqlalchemy.Engine:
    found: sqlalchemy.Engine = part._engine  # type: ignore[attr-defined]
    return found


def test_all_instances_share_the_pools() -> None:
    first, second = storage(), storage()
    [runs] = {engine_of(part) for each in (first, second) for part in (each.run_storage, each.schedule_storage)}
    [events] = {engine_of(each.event_log_storage) for each in (first, second)}
    for engine in (runs, events):
        assert isinstance(engine.pool, QueuePool)
        assert engine.pool._pre_ping, "a restart of Postgres breaks the open connections"


def test_only_commits_of_events_do_not_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def connect(*_: object, options: str | None = None, **__: object) -> None:
        asked.append(options)
        raise ConnectionError

    monkeypatch.setattr("psycopg2.connect", connect)
    made = storage()
    for part in (made.run_storage, made.schedule_storage, made.event_log_storage):
        with pytest.raises(ConnectionError):
            engine_of(part).connect()
    assert asked == [None, None, "-c synchronous_commit=off"]
