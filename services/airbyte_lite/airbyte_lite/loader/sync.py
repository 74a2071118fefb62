"""The arguments of `run_sync`: the sync with its progress, and the source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from airbyte_lite.loader.stream import SyncStream


class Source(Protocol):
    """A running read command of a connector. Iteration yields its output lines; then `exit_code` is set."""

    exit_code: int | None

    def __iter__(self) -> Iterator[bytes]: ...

    def stop(self) -> None: ...


@dataclass
class SyncProgress:
    """Records read so far, the size of their messages, and the bytes that BigQuery billed. Updated during the sync."""

    records: int = 0
    bytes: int = 0
    bytes_billed: int = 0  # for queries; load jobs and copy jobs are free


@dataclass(frozen=True)
class Sync:
    """One sync of a connection: its streams, its destination, and the functions that it calls."""

    connection_id: str
    job_id: int
    streams: list[SyncStream]  # every stream of the connection: table names depend on all of them
    destination: dict[str, Any]  # the configuration of the BigQuery destination
    emulator_host: str | None  # None: Google BigQuery
    spool_dir: Path  # used by this job only: emptied at the start and removed at the end
    commit_state: Callable[[list[dict[str, Any]]], None]  # saves AirbyteStateMessages whose rows are loaded
    confirm_empty: Callable[[], None]  # raises SyncError if a source without records must not empty the table
    log: Callable[[str, str], None]  # writes a log line, from a level and a message
    progress: SyncProgress
    cancelled: threading.Event  # set to stop the sync and its connector
    maximum_bytes_billed: int | None = None  # for one query; None: no limit
    batches: bool = True  # whether a connector that can do it may write the batches itself
