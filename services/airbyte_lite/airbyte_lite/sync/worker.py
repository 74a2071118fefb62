"""The work of a job: a sync (schema, state, read, load) or a reset (remove tables and states)."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from airbyte_lite.connectors.definitions import Definitions
from airbyte_lite.connectors.masking import secret_values
from airbyte_lite.connectors.runner import ConnectorError, ConnectorRunner, Read
from airbyte_lite.loader.destination import BigQueryDestination
from airbyte_lite.loader.errors import LostKeyError, SourceError
from airbyte_lite.loader.run_sync import prepared
from airbyte_lite.loader.stream import SyncStream
from airbyte_lite.loader.sync import Sync
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Actor, Connection
from airbyte_lite.state.store import Store
from airbyte_lite.sync import catalog, lost_tables, schema_refresh
from airbyte_lite.sync.job_source import JobSource
from airbyte_lite.sync.stream_schema import as_source_spells, selected_schema
from airbyte_lite.sync.task import Task


class Worker:
    """Runs syncs and resets."""

    def __init__(
        self,
        store: Store,
        definitions: Definitions,
        runner: ConnectorRunner,
        settings: Settings,
        spool_dir: Path,
    ) -> None:
        self._store = store
        self._definitions = definitions
        self._runner = runner
        self._emulator_host = settings.emulator_host
        self._maximum_bytes_billed = settings.maximum_bytes_billed
        self._batches = settings.batches
        self._spool_dir = spool_dir

    def run(self, task: Task) -> None:
        """Run the job to its end. Raises SyncError, ConnectorError or SyncCancelled if it fails or is cancelled."""
        connection = self._store.connection(task.job.connection_id)
        source = self._store.actor("source", connection.source_id)
        destination = self._store.actor("destination", connection.destination_id)
        task.log.hide(self._secrets(source) | self._secrets(destination))
        if task.job.type == "reset":
            self._reset(task, connection, destination)
            return
        job_source = JobSource(self._runner, self._definitions.get("source", source.definition_id), source, task)
        try:
            self._sync(task, connection, job_source, destination)
        except SourceError as error:
            # For some errors ("the bucket does not exist"), only the connector's check gives the reason.
            reason = None if task.cancelled.is_set() else job_source.fault()
            if reason is None or reason in error.message:
                raise
            raise SourceError(
                f"{error.message} The check of the source failed too: {reason}", "config_error"
            ) from error

    def _secrets(self, actor: Actor) -> set[str]:
        definition = self._definitions.get(actor.kind, actor.definition_id)
        return secret_values(actor.configuration, self._definitions.schema(definition))

    def _reset(self, task: Task, connection: Connection, destination: Actor) -> None:
        tables = BigQueryDestination(destination.configuration, self._emulator_host)
        task.check()  # only here: after the first table is dropped, a reset cannot be cancelled
        streams = self._sync_streams(connection)
        chosen = None if task.job.streams is None else set(json.loads(task.job.streams))
        for stream in (stream for stream in streams if chosen is None or stream.name in chosen):
            # Drop the table first. If the server is killed in between, the next sync finds a state without a table and
            # drops it. With a table but no state, the next sync would append all rows again.
            tables.drop(stream, streams, connection.id)
            self._store.drop_states(connection.id, [stream.name])
            self._store.next_generations(connection.id, [stream.name])
            task.log("INFO", f"Stream {stream.name}: dropped the table {stream.table} and the state.")

    def _sync(self, task: Task, connection: Connection, source: JobSource, destination: Actor) -> None:
        names = ", ".join(stream.name for stream in connection.streams)
        task.log("INFO", f"Syncing {names} from {source.title} to {destination.name}.")
        connection = schema_refresh.refresh(task, self._store, source, connection)
        task.check()
        overwritten = [stream.name for stream in connection.streams if stream.sync_mode == "full_refresh_overwrite"]
        self._store.next_generations(connection.id, overwritten)
        streams = self._sync_streams(connection)
        incremental = [stream.name for stream in connection.streams if stream.incremental]
        if incremental:
            tables = BigQueryDestination(destination.configuration, self._emulator_host)
            lost_tables.forget(task, self._store, tables, connection.id, streams)
        state = self._store.states(connection.id, incremental) if incremental else []
        chosen = catalog.protocol_catalog(connection.streams)
        sync = Sync(
            connection_id=connection.id,
            job_id=task.job.id,
            streams=streams,
            destination=destination.configuration,
            emulator_host=self._emulator_host,
            maximum_bytes_billed=self._maximum_bytes_billed,
            batches=self._batches,
            spool_dir=self._spool_dir / f"job-{task.job.id}",
            commit_state=functools.partial(self._save_states, task, connection),
            confirm_empty=source.confirm_empty,
            log=task.log,
            progress=task.log.progress,
            cancelled=task.cancelled,
        )
        with prepared(sync) as load, source.read(chosen, state, load.order) as read:
            try:
                load.run(read)
            except LostKeyError as error:
                raise schema_refresh.pause_without_key(self._store, connection, error) from error
            except SourceError as error:
                if details := _details(error, read):
                    task.log("ERROR", details)
                raise
            self._keep_configuration(source.actor, read.configuration_update)

    def _sync_streams(self, connection: Connection) -> list[SyncStream]:
        generations = self._store.generations(connection.id)
        return [
            SyncStream(
                name=stream.name,
                namespace=stream.stream.get("namespace"),
                json_schema=selected_schema(stream),
                sync_mode=stream.sync_mode,
                primary_key=stream.primary_key,
                cursor_field=stream.cursor_field,
                table=connection.prefix + stream.name,
                generation_id=generations.get(stream.name, 0),
            )
            for stream in map(as_source_spells, connection.streams)
        ]

    def _save_states(self, task: Task, connection: Connection, states: list[dict[str, Any]]) -> None:
        for name in self._store.save_states(connection, states):
            task.log(
                "WARN",
                f"Stream {name} was changed while this job ran, so its state was not saved: "
                "the next sync reads the stream from the start.",
            )

    def _keep_configuration(self, source: Actor, update: dict[str, Any] | None) -> None:
        """Store the configuration that the connector has migrated, unless a client has changed it in the meantime."""
        if update is None:
            return
        self._store.change(
            source,
            lambda now: replace(now, configuration=update) if now.configuration == source.configuration else now,
        )


def _details(error: SourceError, read: Read) -> str:
    """Return what the connector wrote besides its messages: a stack trace, or its last lines."""
    cause = error.__cause__
    return cause.internal if isinstance(cause, ConnectorError) else read.stderr if read.exit_code else ""
