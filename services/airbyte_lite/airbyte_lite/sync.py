"""Runs one sync: the connector's messages in, BigQuery tables and state out, all or nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Source(Protocol):
    """A connector that is reading: raw protocol lines, then its exit code."""

    exit_code: int | None

    def __iter__(self) -> Iterator[bytes]: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class SyncStream:
    """One selected stream of a connection and how it is to be loaded."""

    name: str
    namespace: str | None
    json_schema: dict[str, Any]
    sync_mode: str  # full_refresh_overwrite | full_refresh_append | incremental_append | incremental_deduped_history
    primary_key: list[list[str]]
    cursor_field: list[str]
    table: str  # connection prefix + stream name, before normalisation
    generation_id: int


@dataclass
class SyncProgress:
    """Records and bytes read so far; updated while the sync runs."""

    records: int = 0
    bytes: int = 0


class SyncError(Exception):
    """A sync that failed; `message` is for the user, `failure_type` is Airbyte's (config_error, system_error, …)."""

    def __init__(self, message: str, failure_type: str = "system_error") -> None:
        super().__init__(message)
        self.message = message
        self.failure_type = failure_type


class SyncCancelled(Exception):
    """The sync was cancelled; tables and state are as they were before it."""


def run_sync(
    *,
    source: Source,
    streams: list[SyncStream],
    destination: dict[str, Any],
    emulator_host: str | None,
    spool_dir: Path,
    job_id: int,
    commit_state: Callable[[list[dict[str, Any]]], None],
    confirm_empty: Callable[[], None],
    log: Callable[[str, str], None],
    progress: SyncProgress,
    cancelled: threading.Event,
) -> None:
    """Read the source to its end and load every stream; raises SyncError or SyncCancelled with nothing changed."""
    raise NotImplementedError


class BigQueryDestination:
    """A BigQuery destination outside a sync: connection check, reset, and tables that have gone."""

    def __init__(self, configuration: dict[str, Any], emulator_host: str | None) -> None:
        raise NotImplementedError

    def check(self) -> None:
        """Create the dataset if absent, write and drop a small table; raises SyncError with what to do."""
        raise NotImplementedError

    def drop(self, stream: SyncStream) -> None:
        """Drop the stream's table and leftover staging tables (a reset)."""
        raise NotImplementedError

    def missing(self, streams: list[SyncStream]) -> list[SyncStream]:
        """Return the streams whose final table does not exist: their saved state must be dropped before a read."""
        raise NotImplementedError
