"""Removes the states of streams whose tables were deleted, so that they are read from the start."""

from __future__ import annotations

from airbyte_lite.loader.destination import BigQueryDestination
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.stream import SyncStream
from airbyte_lite.state import syncstate
from airbyte_lite.state.store import Store
from airbyte_lite.sync.task import Task


def forget(
    task: Task, store: Store, tables: BigQueryDestination, connection_id: str, streams: list[SyncStream]
) -> None:
    """Remove the states of streams whose tables do not exist.

    Raises SyncError if such a stream shares one state with streams whose rows would then be appended a second time.
    """
    incremental = [stream.name for stream in streams if stream.incremental]
    states = store.states(connection_id, incremental)
    if not states:
        return
    missing = {stream.name for stream in tables.missing(streams) if stream.incremental}
    if missing and not all(map(syncstate.divisible, states)):
        appended = [
            stream.name for stream in streams if stream.sync_mode == "incremental_append" and stream.name not in missing
        ]
        if appended:
            raise SyncError(
                f"The table of {', '.join(sorted(missing))} does not exist, and the source keeps one state for all "
                f"streams together. Continuing from it would leave {', '.join(sorted(missing))} incomplete, "
                f"reading from the start would append the rows of {', '.join(appended)} twice. Drop "
                f"the tables of {', '.join(appended)} too, or start a job of type reset: the next sync reads "
                "everything.",
                "config_error",
            )
        lost = sorted(missing)
    else:
        lost = sorted(missing & {name for state in states for name in syncstate.streams_of(state)})
    if lost:
        task.log(
            "WARN",
            f"The tables of {', '.join(lost)} do not exist any more. These streams are read from the start.",
        )
        store.drop_states(connection_id, lost)
