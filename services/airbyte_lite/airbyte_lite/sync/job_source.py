"""The source of a job: its discovery, its check and its read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airbyte_lite.connectors.definitions import Definition
from airbyte_lite.connectors.runner import ConnectorError, ConnectorRunner, Read
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.order import FILE, Order
from airbyte_lite.state.records import Actor
from airbyte_lite.sync.task import Task


class JobSource:
    """Runs the connector commands of a job's source. A cancellation of the job ends the running command."""

    def __init__(self, runner: ConnectorRunner, definition: Definition, actor: Actor, task: Task) -> None:
        assert definition.connector is not None  # noqa: S101 -- only destinations have none
        self.actor = actor
        self.title = f"{actor.name} ({definition.name} {definition.version})"
        self._runner = runner
        self._connector = definition.connector
        self._task = task

    def discover(self) -> list[dict[str, Any]]:
        """Return the streams of the source as AirbyteStream objects. Raises ConnectorError."""
        return self._runner.discover(self._connector, self.actor.configuration, self._task.follow)

    @contextmanager
    def read(self, catalog: dict[str, Any], state: list[dict[str, Any]], order: Order | None = None) -> Iterator[Read]:
        """Start a read of the streams in a ConfiguredAirbyteCatalog, from these states. Raises ConnectorError.

        A connector that can do it follows the order and writes the batches itself.
        """
        others = {FILE: order.dump()} if order else {}
        with self._runner.read(self._connector, self.actor.configuration, catalog, state, others) as read:
            self._task.follow(read)
            yield read

    def fault(self) -> str | None:
        """Return the error of the source's check as one line, None if the check succeeds."""
        try:
            result = self._runner.check(self._connector, self.actor.configuration, self._task.follow)
        except ConnectorError as error:
            return " ".join(error.message.split())
        return None if result.succeeded else " ".join(result.message.split())

    def confirm_empty(self) -> None:
        """Raise SyncError unless the source's check succeeds: then the source is really empty."""
        reason = self.fault()
        if reason is not None:
            raise SyncError(
                f"The source has no records and its check does not pass: {reason} The overwrite was refused, and the "
                "table keeps its rows. Check that the files or tables in the source's configuration exist. To empty "
                "the table, start a job of type reset.",
                "config_error",
            )

    def confirm_unknown(self, streams: list[str]) -> None:
        """Raise SyncError for streams without a schema, unless the source's check succeeds: then they have none."""
        reason = self.fault()
        if reason is not None:
            raise SyncError(
                f"The columns of {', '.join(streams)} are not known yet, because the source found no data. The check "
                f"of the source failed: {reason} Upload the files that the source reads, then sync again.",
                "config_error",
            )
