"""Dagster's storage in Postgres has one pool of connections for each process."""

from importlib import import_module
from pathlib import Path

import yaml
from sqlalchemy.pool import QueuePool

CONFIGURATION = Path(__file__).parents[3] / "compose/dagster/dagster.yaml"
POSTGRES = {
    "postgres_db": {"username": "u", "password": "p", "hostname": "h", "db_name": "d", "port": 5432},
    "should_autocreate_tables": False,
}


def test_all_parts_of_all_instances_share_the_pool() -> None:
    named = yaml.safe_load(CONFIGURATION.read_text())["storage"]["custom"]
    storage = getattr(import_module(named["module"]), named["class"])
    first, second = (storage.from_config_value(None, POSTGRES) for _ in range(2))
    parts = [part for each in (first, second) for part in (each.run_storage, each.event_log_storage)]
    parts += [first.schedule_storage]
    [engine] = {part._engine for part in parts}
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool._pre_ping, "a restart of Postgres breaks the open connections"
