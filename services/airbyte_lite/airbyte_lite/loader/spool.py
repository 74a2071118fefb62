"""Collects rows in batch files on disk, for the load jobs. So memory does not grow with the number of rows."""

import shutil
from pathlib import Path

BATCH_BYTES = 48 * 1024 * 1024  # smallest size of a full batch; small, so that the first load job starts soon
# Batches that a connector writes itself. It reads so fast that an early start gains nothing. A stream of one batch
# needs no staging table, so its rows are written once, not twice. A million rows of 8 columns have 423 MiB as lines; of
# 40 columns, they have 154 MiB as Parquet.
LINES_BYTES = 512 * 1024 * 1024
PARQUET_BYTES = 192 * 1024 * 1024
# BigQuery accepts 1,500 load jobs per table and day. So batches grow: a full batch has at least 1/64 of the bytes that
# were spooled before it. 15 TB (BigQuery's limit for a load job) then take about 600 batches. At most three batches are
# on disk, 5 % of the stream.
GROWTH = 64


class Spool:
    """The batch files of one stream. One of them is open for writing."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._number = 0
        self._taken = 0  # bytes of the closed batches
        self._open()

    def write(self, line: bytes) -> bool:
        """Append a line to the open batch. Return whether the batch is full."""
        self._file.write(line)
        self.size += len(line)
        return self.size >= BATCH_BYTES and self.size >= self._grown

    def take(self) -> Path:
        """Close the batch and open a new one. Return the file of the closed batch; the caller deletes it."""
        path = self._path
        self._file.close()
        self._taken += self.size
        self._open()
        return path

    def close(self) -> None:
        """Close the open batch. Its file is not deleted."""
        self._file.close()

    def _open(self) -> None:
        self._number += 1
        self._path = self._directory / f"{self._name}-{self._number:06d}.jsonl"
        self._file = self._path.open("wb", buffering=1024 * 1024)
        self.size = 0
        self._grown = self._taken // GROWTH


def wipe(directory: Path) -> None:
    """Remove the directory and every file in it, if it exists."""
    shutil.rmtree(directory, ignore_errors=True)
