"""Batches of rows on disk, between the connector and the load jobs: memory stays flat whatever the number of rows."""

import shutil
from pathlib import Path

# One upload is one chunk in memory, and one load job on BigQuery's daily budget of 1,500 a table.
BATCH_BYTES = 48 * 1024 * 1024


class Spool:
    """The batch files of one stream; at most one is open."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._number = 0
        self._open()

    def write(self, line: bytes) -> bool:
        """Append a line; return whether the batch is full."""
        self._file.write(line)
        self.size += len(line)
        return self.size >= BATCH_BYTES

    def take(self) -> Path:
        """Close the batch, begin a new one, and return the closed batch's file, which is the caller's to delete."""
        path = self._path
        self._file.close()
        self._open()
        return path

    def close(self) -> None:
        """Close the open batch and leave its file."""
        self._file.close()

    def _open(self) -> None:
        self._number += 1
        self._path = self._directory / f"{self._name}-{self._number:06d}.jsonl"
        self._file = self._path.open("wb", buffering=1024 * 1024)
        self.size = 0


def wipe(directory: Path) -> None:
    """Remove the directory with everything that a sync left in it."""
    shutil.rmtree(directory, ignore_errors=True)
