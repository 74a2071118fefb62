"""The discovery before a sync."""

from typing import Any

import pytest

from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.loader.errors import SyncCancelled
from airbyte_lite.state.records import Connection, Job
from airbyte_lite.sync import schema_refresh
from airbyte_lite.sync.task import Task


class Source:
    def discover(self) -> Any:
        raise ConnectorError("command discover was killed")


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, _level: str, message: str) -> None:
        self.lines.append(message)


def test_cancellation_during_the_discovery_is_not_logged_as_a_failure_of_the_source() -> None:
    log: Any = Log()
    task = Task(Job(1, "c1", "w1", "sync", "running", 0.0, 0.0), log)
    source: Any = Source()
    store: Any = None
    connection = Connection("c1", "w1", "orders", "s1", "d1", [], 0.0)
    assert schema_refresh.refresh(task, store, source, connection) is connection
    assert "could not be discovered" in log.lines.pop()
    task.cancel()
    with pytest.raises(SyncCancelled):
        schema_refresh.refresh(task, store, source, connection)
    assert log.lines == []
