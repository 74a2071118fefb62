"""The objects that a stream reads, and their content as a stream of bytes."""

import bz2
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import dagster as dg

from orchestrator.reading.avro_file import avro_rows, scan_avro
from orchestrator.reading.csv_file import csv_rows, scan_csv
from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.formats import (
    AvroFormat,
    CsvFormat,
    FileFormat,
    JsonlFormat,
    NotCountedError,
    ParquetFormat,
    StreamFiles,
)
from orchestrator.reading.json_lines import json_rows, scan_json_lines
from orchestrator.reading.parquet_file import scan_parquet

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectTypeDef

BUFFER_BYTES = 1024 * 1024
MEMBER = "#"
"""Stands between the key of a .zip archive and the name of a file inside, as in the connector."""


@dataclass(frozen=True)
class File:
    """A file that the connector reads: an object, or a member of a .zip archive."""

    name: str  # as in the column _ab_source_file_url
    version: str  # changes with the content
    modified: datetime


def is_member(name: str) -> bool:
    """Return whether a file is in a .zip archive."""
    return f".zip{MEMBER}" in name


def copies(files: Iterable[File]) -> dict[str, str]:
    """Return each object that has the content of an earlier one, with the earlier one's name."""
    first: dict[str, str] = {}
    objects = [file for file in files if not is_member(file.name)]
    found = {file.name: first.setdefault(file.version, file.name) for file in objects}
    return {name: other for name, other in found.items() if name != other}


class Files:
    """The files of one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def matching(self, files: StreamFiles, passed_over: Callable[[str], None] = lambda _: None) -> list[File]:
        """Return the files that match the stream's globs, sorted by name. Raises Failure when S3 does not answer.

        `passed_over` is called with the key of each other object that was listed.
        """
        found: dict[str, File] = {}
        with _failures(f"s3://{self._bucket}"):
            for item in (item for prefix in files.prefixes for page in self.pages(prefix) for item in page):
                count = len(found)
                for name, version in self._versions(item["Key"], f"{item['ETag']} {item['Size']}", item["Size"]):
                    if files.matches(name):
                        found[name] = File(name, version, item["LastModified"])
                if len(found) == count:
                    passed_over(item["Key"])
        return [found[name] for name in sorted(found)]

    def pages(self, prefix: str) -> "Iterator[list[ObjectTypeDef]]":
        """Yield the objects whose keys begin with the prefix, 1,000 at a time. Raises Failure if S3 does not answer."""
        with _failures(f"s3://{self._bucket}"):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                yield page.get("Contents", [])

    def _versions(self, key: str, version: str, size: int) -> list[tuple[str, str]]:
        """Return the name and the version of an object, or of each file in it if it is an archive."""
        if key.endswith("/"):
            return []
        if not key.endswith(".zip"):
            return [(key, version)]
        with zipfile.ZipFile(self._seekable(key, size)) as archive:
            return [
                (f"{key}{MEMBER}{each.filename}", f"{each.CRC:08x} {each.file_size}" if each.CRC else version)
                for each in archive.infolist()
                if not each.is_dir()
            ]

    def facts(self, file: File, file_format: FileFormat, sought: Sought) -> FileFacts:
        """Read a file once. Raises Failure when it is missing or unreadable, NotCountedError if it cannot be read."""
        with _failures(f"s3://{self._bucket}/{file.name}"):
            if isinstance(file_format, CsvFormat):
                with self._open(file.name) as raw:
                    return scan_csv(raw, file_format, sought)
            if isinstance(file_format, JsonlFormat):
                with self._open(file.name) as raw:
                    return scan_json_lines(raw, sought)
            if isinstance(file_format, AvroFormat):
                with self._open(file.name) as raw:
                    return scan_avro(raw, file_format, sought)
            if file.name.endswith((".gz", ".bz2")) or MEMBER in file.name:
                raise NotCountedError("a Parquet file is compressed as a whole, so its footer cannot be read alone")
            return scan_parquet(self._seekable(file.name), file_format, sought)

    def rows(self, name: str, file_format: FileFormat) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the records of a file, their values as text, with their first lines; of a Parquet file, nothing.

        Avro has no lines: its records are numbered.
        """
        if isinstance(file_format, ParquetFormat):
            return
        with _failures(f"s3://{self._bucket}/{name}"), self._open(name) as raw:
            if isinstance(file_format, CsvFormat):
                yield from csv_rows(raw, file_format)
            else:
                yield from avro_rows(raw) if isinstance(file_format, AvroFormat) else json_rows(raw)

    @contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO]:
        """Give the content; like the connector, it decompresses names that end in .gz and .bz2, and .zip members."""
        key, in_archive, member = name.partition(f".zip{MEMBER}")
        if in_archive:
            with zipfile.ZipFile(self._seekable(f"{key}.zip")) as archive, archive.open(member) as content:
                yield cast(BinaryIO, content)
            return
        with closing(self._client.get_object(Bucket=self._bucket, Key=name)["Body"]) as body:
            raw = cast(BinaryIO, body)
            if name.endswith(".gz"):
                raw = cast(BinaryIO, gzip.GzipFile(fileobj=raw, mode="rb"))
            elif name.endswith(".bz2"):
                raw = cast(BinaryIO, bz2.BZ2File(raw))
            yield raw

    def _seekable(self, key: str, size: int | None = None) -> BinaryIO:
        if size is None:
            size = self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]

        def read(start: int, end: int) -> bytes:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{end - 1}")
            return answer["Body"].read()

        return cast(BinaryIO, io.BufferedReader(_Ranges(read, size), BUFFER_BYTES))


class _Ranges(io.RawIOBase):
    """A file of which `read(start, end)` returns any part."""

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read, self._size, self._position = read, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        content = self._read(self._position, end)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


@contextmanager
def _failures(what: str) -> Iterator[None]:
    """Turn the errors of S3 and of unreadable files into Failures that name the file."""
    # Imported here: the import is slow, and loading the code location does not need it.
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise dg.Failure(f"{what} cannot be read: {error}. Upload the file, then run again.") from error
    except BotoCoreError as error:  # no connection, or one that broke
        raise dg.Failure(f"{what} cannot be read: {error}. Is S3 running? make ps shows it; then run again.") from error
    except (EOFError, OSError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        # RuntimeError: an encrypted file in an archive, or an unusual compression.
        raise dg.Failure(f"{what} cannot be read: {error}. Replace the file, then run again.") from error
