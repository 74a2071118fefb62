"""Batches of rows on disk, between the connector and the load jobs: memory stays flat whatever the number of rows."""

import shutil
from pathlib import Path

BATCH_BYTES = 48 * 1024 * 1024  # the smallest full batch: the first rows are soon on their way
# BigQuery takes 1,500 load jobs a table a day. A batch grows to this share of what was spooled before it: 15 TB (the
# largest load job) make 600 batches, and the at most three batches on disk are 5 % of the stream.
_GROWTH = 64


class Spool:
    """The batch files of one stream; at most one is open."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._number = 0
        self._taken = 0  # bytes of the closed batches
        self._open()

    def write(self, line: bytes) -> bool:
        """Append a line; return whether the batch is full."""
        self._file.write(line)
        self.size += len(line)
        return self.size >= BATCH_BYTES and self.size >= self._grown

    def take(self) -> Path:
        """Close the batch, begin a new one, and return the closed batch's file, which is the caller's to delete."""
        path = self._path
        self._file.close()
        self._taken += self.size
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
        self._grown = self._taken // _GROWTH


def wipe(directory: Path) -> None:
    """Remove the directory with everything that a sync left in it."""
    shutil.rmtree(directory, ignore_errors=True)
