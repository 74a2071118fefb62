"""The source of a job: what it offers, what its own check says, what it reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airbyte_lite.connectors.definitions import Definition
from airbyte_lite.connectors.runner import ConnectorError, ConnectorRunner, Read
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.state.records import Actor
from airbyte_lite.sync.task import Task


class JobSource:
    """Runs the commands of a job's source; each ends when the job is cancelled."""

    def __init__(self, runner: ConnectorRunner, definition: Definition, actor: Actor, task: Task) -> None:
        assert definition.connector is not None  # noqa: S101 -- only destinations have none
        self.actor = actor
        self.title = f"{actor.name} ({definition.name} {definition.version})"
        self._runner = runner
        self._connector = definition.connector
        self._task = task

    def discover(self) -> list[dict[str, Any]]:
        """Return the streams that the source offers, as AirbyteStream objects; raises ConnectorError."""
        return self._runner.discover(self._connector, self.actor.configuration, self._task.follow)

    @contextmanager
    def read(self, catalog: dict[str, Any], state: list[dict[str, Any]]) -> Iterator[Read]:
        """Start to read the streams of a ConfiguredAirbyteCatalog from these states; raises ConnectorError."""
        with self._runner.read(self._connector, self.actor.configuration, catalog, state) as read:
            self._task.follow(read)
            yield read

    def fault(self) -> str | None:
        """Return what the source's own check finds wrong, as one line; None if it passes."""
        try:
            result = self._runner.check(self._connector, self.actor.configuration, self._task.follow)
        except ConnectorError as error:
            return " ".join(error.message.split())
        return None if result.succeeded else " ".join(result.message.split())

    def confirm_empty(self) -> None:
        """Raise SyncError unless the source's own check vouches that there is nothing to read."""
        reason = self.fault()
        if reason is not None:
            raise SyncError(
                "The source has no records and its check does not pass, so the overwrite was refused; the table keeps "
                f"its rows. The connector says: {reason} Check that the files or tables that the source names exist, "
                "or empty the table on purpose with a job of type reset.",
                "config_error",
            )

    def confirm_unknown(self, streams: list[str]) -> None:
        """Raise SyncError unless the source's own check vouches for streams without a schema (schemaless ones)."""
        reason = self.fault()
        if reason is not None:
            raise SyncError(
                f"The columns of {', '.join(streams)} are not known yet, because the source found no data. The "
                f"connector says: {reason} Bring the files to where the source looks for them, then sync again.",
                "config_error",
            )
