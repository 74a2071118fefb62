"""The first rows of an object, read from its first bytes."""

from __future__ import annotations

import csv
import io
import json
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from console.clients.s3 import S3

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BYTES = 256 * 1024
"""How much of a text file is read."""
ROWS, COLUMNS = 50, 40
CHARACTERS = 300
"""The longest cell; the rest is cut."""
LARGEST_PARQUET = 128 * 1024 * 1024
"""The container has 384 MiB of memory, and a page of one column is unpacked as a whole."""
READ_AT_ONCE = 64 * 1024
"""Bytes of a Parquet column that are in memory, in place of its whole row group."""
DELIMITERS = ",;\t|"
JSON_LINES = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True)
class Preview:
    """The first rows as texts; None is a missing value. `note` says what is not shown."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    note: str = ""


async def preview(s3: S3, key: str, size: int) -> Preview | str:
    """Return the first rows of an object, or a sentence that says why there are none. Raises ServiceError."""
    path = PurePosixPath(key.lower())
    if path.suffix == ".parquet":
        if size > LARGEST_PARQUET:
            limit = LARGEST_PARQUET // 1024**2
            return f"The preview reads Parquet files of up to {limit} MiB. Download the file to look at it."
        return await s3.call(lambda client: _parquet(client, s3.bucket, key, size))
    packed = path.suffix == ".gz"
    suffix = path.with_suffix("").suffix if packed else path.suffix
    if suffix not in (".csv", ".tsv", ".txt", *JSON_LINES):
        return f"There is no preview of {path.suffix or 'such'} files. Download the file to look at it."
    if size == 0:
        return "The file is empty."
    content = await s3.call(lambda client: _beginning(client, s3.bucket, key))
    try:
        return of_bytes(_unpacked(content) if packed else content, suffix, is_whole=size <= BYTES and not packed)
    except (csv.Error, zlib.error, ValueError, RecursionError) as error:
        return f"The file cannot be read as {suffix.removeprefix('.')}: {error}"


def of_bytes(content: bytes, suffix: str, *, is_whole: bool = True) -> Preview | str:
    """Return the rows in the beginning of a text file. Raises csv.Error, and ValueError for invalid JSON."""
    text = content.decode("utf-8-sig", errors="replace")
    document = _document(text) if suffix in JSON_LINES else None
    if not is_whole and "\n" in text:
        text = text[: text.rindex("\n") + 1]  # the last line may be cut
    rows = _table(_json_lines(text) if document is None else document) if suffix in JSON_LINES else _lines(text)
    if not rows:
        return "The file has no rows."
    head, *body = rows
    note = [f"The first {COLUMNS} of {len(head):,} columns are shown."] if len(head) > COLUMNS else []
    if not is_whole or len(body) > ROWS:
        note.append(f"The first {min(len(body), ROWS)} rows are shown.")
    return Preview(
        tuple(cut(name) or "" for name in head[:COLUMNS]),
        tuple(tuple(map(cut, row[:COLUMNS])) for row in body[:ROWS]),
        " ".join(note),
    )


def cut(value: str | None) -> str | None:
    """Return a text without the rest of a long one."""
    return f"{value[:CHARACTERS]}…" if value is not None and len(value) > CHARACTERS else value


def _lines(text: str) -> list[list[str | None]]:
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    csv.field_size_limit(BYTES * 2)
    rows = []
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        if row:
            rows.append(cast("list[str | None]", row))
        if len(rows) > ROWS + 1:
            break
    return rows


def _document(text: str) -> list[Any] | None:
    """Return the records of a text that is one JSON document, None if it is not: JSON lines, or cut."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) else [found]


def _json_lines(text: str) -> list[Any]:
    """Return the first records of JSON lines. Raises ValueError that says what the preview reads."""
    try:
        return [json.loads(line) for line in text.split("\n")[: ROWS + 1] if line.strip()]
    except ValueError as error:
        raise ValueError(
            f"the preview reads JSON lines, and a file of up to {BYTES // 1024} kB that is one JSON document ({error})"
        ) from error


def _table(found: list[Any]) -> list[list[str | None]]:
    """Return records with a first row of all their keys."""
    records = [item if isinstance(item, dict) else {"value": item} for item in found]
    names = list(dict.fromkeys(str(name) for record in records for name in record))
    body = [[_text(record.get(name)) for name in names] for record in records]
    return [[*names], *body] if records else []


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _beginning(client: S3Client, bucket: str, key: str) -> bytes:
    return client.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{BYTES - 1}")["Body"].read()


def _unpacked(content: bytes) -> bytes:
    """Return the beginning of a .gz file; a small file can hold gigabytes, so the output has a limit too."""
    return zlib.decompressobj(wbits=31).decompress(content, BYTES)


def _parquet(client: S3Client, bucket: str, key: str, size: int) -> Preview:
    import pyarrow.parquet as pq  # 40 MB of memory, which only this needs

    ranges = io.BufferedReader(_Ranges(client, bucket, key, size), READ_AT_ONCE)
    # As nanoseconds, the times that Spark writes would have other years before 1678 and after 2261.
    file = pq.ParquetFile(ranges, pre_buffer=False, buffer_size=READ_AT_ONCE, coerce_int96_timestamp_unit="us")
    names = file.schema_arrow.names
    batch = next(file.iter_batches(batch_size=ROWS, columns=names[:COLUMNS]), None)
    rows = batch.to_pylist() if batch is not None else []
    note = f"The first {len(rows)} of {file.metadata.num_rows:,} rows are shown."
    if len(names) > COLUMNS:
        note += f" The first {COLUMNS} of {len(names):,} columns are shown."
    texts = tuple(tuple(cut(None if value is None else str(value)) for value in row.values()) for row in rows)
    return Preview(tuple(names[:COLUMNS]), texts, note)


class _Ranges(io.RawIOBase):
    """An object of S3 as a file: each read is a request for its range."""

    def __init__(self, client: S3Client, bucket: str, key: str, size: int) -> None:
        self._client, self._bucket, self._key, self._size = client, bucket, key, size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        wanted = f"bytes={self._at}-{end - 1}"
        content = self._client.get_object(Bucket=self._bucket, Key=self._key, Range=wanted)["Body"].read()
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
