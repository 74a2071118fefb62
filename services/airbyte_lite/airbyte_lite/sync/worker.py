"""The work of a job: a sync (schema, state, read, load) or a reset (remove tables and states)."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

from airbyte_lite.connectors.definitions import Definition, Definitions
from airbyte_lite.connectors.masking import secret_values
from airbyte_lite.connectors.runner import ConnectorError, ConnectorRunner, Read
from airbyte_lite.loader.destination import BigQueryDestination
from airbyte_lite.loader.errors import SourceError, SyncError
from airbyte_lite.loader.run_sync import run_sync
from airbyte_lite.loader.stream import SyncStream
from airbyte_lite.loader.sync import Sync
from airbyte_lite.settings import Settings
from airbyte_lite.state import syncstate
from airbyte_lite.state.records import Actor, Connection
from airbyte_lite.state.store import Store
from airbyte_lite.sync import catalog, schema_changes
from airbyte_lite.sync.stream_schema import selected_schema, without_schema
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
        self._spool_dir = spool_dir

    def run(self, task: Task) -> None:
        """Run the job to its end; raises SyncError, SyncCancelled or ConnectorError if it fails or is cancelled."""
        connection = self._store.connection(task.job.connection_id)
        source = self._store.actor("source", connection.source_id)
        destination = self._store.actor("destination", connection.destination_id)
        task.log.hide(self._secrets(source) | self._secrets(destination))
        if task.job.type == "reset":
            self._reset(task, connection, destination)
            return
        try:
            self._sync(task, connection, source, destination)
        except SourceError as error:
            # Connectors give some reasons ("the bucket does not exist") in their check only.
            reason = None if task.cancelled.is_set() else self._fault(task, source)
            if reason is None or reason in error.message:
                raise
            raise SourceError(f"{error.message} The source's check says: {reason}", "config_error") from error

    def _secrets(self, actor: Actor) -> set[str]:
        definition = self._definitions.get(actor.kind, actor.definition_id)
        return secret_values(actor.configuration, self._definitions.schema(definition))

    def _reset(self, task: Task, connection: Connection, destination: Actor) -> None:
        tables = BigQueryDestination(destination.configuration, self._emulator_host)
        task.check()  # once: a reset is cancelled before the first table is removed, or not at all
        streams = self._sync_streams(connection)
        for stream in streams:
            # The table first: a state without its table is dropped before the next read; a table without its state
            # would get its rows twice.
            tables.drop(stream, streams, connection.id)
            self._store.drop_states(connection.id, [stream.name])
            self._store.next_generations(connection.id, [stream.name])
            task.log("INFO", f"Stream {stream.name}: table {stream.table} and its state were removed.")

    def _sync(self, task: Task, connection: Connection, source: Actor, destination: Actor) -> None:
        definition = self._definitions.get("source", source.definition_id)
        names = ", ".join(stream.name for stream in connection.streams)
        task.log(
            "INFO",
            f"Syncing {names} from {source.name} ({definition.name} {definition.version}) to {destination.name}.",
        )
        connection = self._refresh_schema(task, connection, source, definition)
        task.check()
        overwritten = [stream.name for stream in connection.streams if stream.sync_mode == "full_refresh_overwrite"]
        self._store.next_generations(connection.id, overwritten)
        streams = self._sync_streams(connection)
        self._drop_states_of_missing_tables(task, connection, destination, streams)
        incremental = [stream.name for stream in connection.streams if stream.incremental]
        state = self._store.states(connection.id, incremental) if incremental else []
        chosen = catalog.protocol_catalog(connection.streams)
        assert definition.connector is not None  # noqa: S101 -- only destinations have none
        with self._runner.read(definition.connector, source.configuration, chosen, state) as read:
            task.follow(read)
            sync = Sync(
                connection_id=connection.id,
                job_id=task.job.id,
                streams=streams,
                destination=destination.configuration,
                emulator_host=self._emulator_host,
                maximum_bytes_billed=self._maximum_bytes_billed,
                spool_dir=self._spool_dir / f"job-{task.job.id}",
                commit_state=functools.partial(self._save_states, task, connection),
                confirm_empty=functools.partial(self._confirm_empty, task, source),
                log=task.log,
                progress=task.log.progress,
                cancelled=task.cancelled,
            )
            try:
                run_sync(sync, read)
            except SourceError as error:
                if details := _details(error, read):
                    task.log("ERROR", details)
                raise
            self._keep_configuration(source, read.configuration_update)

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
            for stream in connection.streams
        ]

    def _refresh_schema(self, task: Task, connection: Connection, source: Actor, definition: Definition) -> Connection:
        """Discover the schema and apply its changes as the connection's settings say; return the connection to sync.

        A stream without a schema (the connection was created before the first file) always takes the new schema.
        """
        if connection.schema_updates == "ignore" and not any(map(without_schema, _offers(connection))):
            return connection
        assert definition.connector is not None  # noqa: S101 -- only destinations have none
        try:
            offered = self._runner.discover(definition.connector, source.configuration, task.follow)
        except ConnectorError as error:
            if error.failure_type != "config_error":
                raise
            # A file cannot be parsed. The read fails at it too, and its log names the file and the line.
            task.log("WARN", f"The schema could not be discovered: {error.message} The stored one is used.")
            return connection
        # Each change is applied to the stored connection, which a caller may have changed during the discovery.
        try:
            changes = schema_changes.compare(self._store.connection(connection.id).streams, offered)
            connection = self._store.change(
                connection, lambda now: replace(now, streams=catalog.with_first_schemas(now.streams, offered))
            )
        except catalog.CatalogError as error:
            raise SourceError(f"{error} Change the connection's streams or the source.", "config_error") from error
        if unknown := [stream["name"] for stream in _offers(connection) if without_schema(stream)]:
            self._refuse_unknown(task, source, unknown)
        if connection.schema_updates == "ignore":
            return connection
        for change in changes:
            task.log("INFO", f"Schema: {change}.")
        if changes and connection.schema_updates == "disable_connection":
            self._store.change(connection, lambda now: replace(now, status="inactive"))
            raise SyncError(
                f"The connection was made inactive because the source's schema has changed: "
                f"{'; '.join(str(change) for change in changes)}. PATCH the connection's configurations to take the "
                "new schema over and set its status to active.",
                "config_error",
            )
        if any(change.added for change in changes):
            connection = self._store.change(
                connection,
                lambda now: replace(now, streams=schema_changes.add_columns(now.streams, offered, changes)),
            )
        return connection

    def _refuse_unknown(self, task: Task, source: Actor, streams: list[str]) -> None:
        """Raise SyncError for streams without a schema, unless the source's check succeeds: then they have none."""
        reason = self._fault(task, source)
        if reason is not None:
            raise SyncError(
                f"The columns of {', '.join(streams)} are not known yet, because the source found no data. The "
                f"connector says: {reason} Bring the files to where the source looks for them, then sync again.",
                "config_error",
            )

    def _save_states(self, task: Task, connection: Connection, states: list[dict[str, Any]]) -> None:
        for name in self._store.save_states(connection, states):
            task.log(
                "WARN",
                f"Stream {name} was changed while this job ran: the state of the job is not kept for it, "
                "the next sync reads it from the start.",
            )

    def _drop_states_of_missing_tables(
        self, task: Task, connection: Connection, destination: Actor, streams: list[SyncStream]
    ) -> None:
        """Have streams read from the start that have a state and no table.

        Raises SyncError if they have it together with others whose rows would then be appended a second time.
        """
        incremental = [stream.name for stream in streams if stream.incremental]
        states = self._store.states(connection.id, incremental)
        if not states:
            return
        tables = BigQueryDestination(destination.configuration, self._emulator_host)
        missing = {stream.name for stream in tables.missing(streams) if stream.incremental}
        if missing and not all(map(syncstate.divisible, states)):
            appended = [
                stream.name
                for stream in streams
                if stream.sync_mode == "incremental_append" and stream.name not in missing
            ]
            if appended:
                raise SyncError(
                    f"The table of {', '.join(sorted(missing))} does not exist, and the source keeps one state for all "
                    f"streams together. Reading on from it would leave {', '.join(sorted(missing))} incomplete, "
                    f"reading from the start would append the rows of {', '.join(appended)} twice. Start a job of "
                    "type reset: it removes the connection's tables and state, and the next sync reads everything.",
                    "config_error",
                )
            lost = sorted(missing)
        else:
            lost = sorted(missing & {name for state in states for name in syncstate.streams_of(state)})
        if lost:
            task.log(
                "WARN",
                f"The tables of {', '.join(lost)} do not exist any more: these streams are read from the start.",
            )
            self._store.drop_states(connection.id, lost)

    def _fault(self, task: Task, source: Actor) -> str | None:
        """Return the error of the source's check as one line, None if the check succeeds."""
        connector = self._definitions.get("source", source.definition_id).connector
        assert connector is not None  # noqa: S101 -- only destinations have none
        try:
            result = self._runner.check(connector, source.configuration, task.follow)
        except ConnectorError as error:
            return " ".join(error.message.split())
        return None if result.succeeded else " ".join(result.message.split())

    def _confirm_empty(self, task: Task, source: Actor) -> None:
        """Raise SyncError unless the source's check succeeds: then the source is really empty."""
        reason = self._fault(task, source)
        if reason is not None:
            raise SyncError(
                "The source has no records and its check does not pass, so the overwrite was refused; the table keeps "
                f"its rows. The connector says: {reason} Check that the files or tables that the source names exist, "
                "or empty the table on purpose with a job of type reset.",
                "config_error",
            )

    def _keep_configuration(self, source: Actor, update: dict[str, Any] | None) -> None:
        """Store the configuration that the connector has migrated, unless a caller has changed it meanwhile."""
        if update is None:
            return
        self._store.change(
            source,
            lambda now: replace(now, configuration=update) if now.configuration == source.configuration else now,
        )


def _offers(connection: Connection) -> list[dict[str, Any]]:
    return [stream.stream for stream in connection.streams]


def _details(error: SourceError, read: Read) -> str:
    """Return what the connector left behind besides its messages: a stack trace, or its last lines."""
    cause = error.__cause__
    return cause.internal if isinstance(cause, ConnectorError) else read.stderr if read.exit_code else ""
