"""What `run_sync` is given: the sync, its source, and the figures that it counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from airbyte_lite.loader.stream import SyncStream


class Source(Protocol):
    """A connector that is reading: raw protocol lines, then its exit code."""

    exit_code: int | None

    def __iter__(self) -> Iterator[bytes]: ...

    def stop(self) -> None: ...


@dataclass
class SyncProgress:
    """Records read so far, the bytes of their messages, what BigQuery billed; updated while the sync runs."""

    records: int = 0
    bytes: int = 0
    bytes_billed: int = 0  # of queries; BigQuery bills no load and no copy


@dataclass(frozen=True)
class Sync:
    """One sync of a connection: what it loads, where to, and whom it tells."""

    connection_id: str
    job_id: int
    streams: list[SyncStream]  # every stream of the connection: which of two similar names gets a hash depends on it
    destination: dict[str, Any]  # the configuration of the BigQuery destination
    emulator_host: str | None  # None: Google BigQuery
    spool_dir: Path  # of this job alone: emptied at the start and removed at the end
    commit_state: Callable[[list[dict[str, Any]]], None]  # saves AirbyteStateMessages once their rows are loaded
    confirm_empty: Callable[[], None]  # raises SyncError unless the source may really have no records
    log: Callable[[str, str], None]  # a level and a line
    progress: SyncProgress
    cancelled: threading.Event  # set by whoever wants the sync, and its connector, to stop
    maximum_bytes_billed: int | None = None  # of one query; None: no limit
