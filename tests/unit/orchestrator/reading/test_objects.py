"""The objects that a stream reads: which, and their content."""

import bz2
import gzip
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from orchestrator.reading.facts import NOTHING
from orchestrator.reading.formats import CsvFormat, JsonlFormat, NotCountedError, ParquetFormat, StreamFiles
from orchestrator.reading.objects import File, Files, copies
from tests.data_files import zipped

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = b"id,name\n1,Ada\n2,Grace\n"
CSV = CsvFormat(filetype="csv")


class Client:
    """S3 with these objects."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self.objects = objects

    def get_paginator(self, _name: str) -> "Client":
        return self

    def paginate(self, *, Prefix: str, **_: str) -> list[dict[str, Any]]:
        found = [key for key in self.objects if key.startswith(Prefix)]
        contents = [
            {"Key": key, "ETag": str(hash(self.objects[key])), "Size": len(self.objects[key]), "LastModified": WHEN}
            for key in found
        ]
        return [{"Contents": contents}]

    def head_object(self, Key: str, **_: str) -> dict[str, Any]:
        return {"ContentLength": len(self.objects[Key])}

    def get_object(self, Key: str, Range: str = "", **_: str) -> dict[str, Any]:
        start, end = Range.removeprefix("bytes=").split("-") if Range else ("", "")
        content = self.objects[Key]
        return {"Body": io.BytesIO(content[int(start) : int(end) + 1] if Range else content)}


def files(objects: Mapping[str, bytes]) -> Files:
    return Files(Client(objects), "bucket")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("a.csv", PEOPLE),
        ("a.csv.gz", gzip.compress(PEOPLE)),
        ("a.csv.gz", gzip.compress(PEOPLE[:15]) + gzip.compress(PEOPLE[15:])),
        ("a.csv.bz2", bz2.compress(PEOPLE)),
    ],
    ids=["plain", "gzip", "two parts of gzip", "bzip2"],
)
def test_content_is_decompressed_by_the_name(key: str, content: bytes) -> None:
    bucket = files({key: content})
    [file] = bucket.matching(StreamFiles(["*"], CSV))
    facts = bucket.facts(file, CSV, NOTHING)
    assert (facts.records, facts.names) == (2, ["id", "name"])
    assert list(bucket.rows(key, CSV)) == [(2, {"id": "1", "name": "Ada"}), (3, {"id": "2", "name": "Grace"})]


def test_files_in_an_archive_have_names_of_their_own_and_its_folders_are_left_out() -> None:
    bucket = files({"x/a.zip": zipped({"d/": b"", "d/a.csv": PEOPLE, "d/b.csv": b"id\n1\n", "notes.txt": b"-"})})
    found = bucket.matching(StreamFiles(["x/a.zip#d/*"], CSV))
    assert [file.name for file in found] == ["x/a.zip#d/a.csv", "x/a.zip#d/b.csv"]
    assert [bucket.facts(file, CSV, NOTHING).records for file in found] == [2, 1]
    assert copies(found) == {}


def test_a_file_in_a_new_archive_has_another_version_if_its_content_is_another() -> None:
    def versions(**members: bytes) -> dict[str, str]:
        found = files({"a.zip": zipped(members)}).matching(StreamFiles(["a.zip#*"], CSV))
        return {file.name: file.version for file in found}

    first, second = versions(a=b"id\n1\n", b=b"id\n1\n"), versions(a=b"id\n1\n", b=b"id\n2\n")
    assert first["a.zip#a"] == second["a.zip#a"]
    assert first["a.zip#b"] != second["a.zip#b"]


def test_an_encrypted_file_in_an_archive_is_named() -> None:
    archive = zipped({"a.csv": PEOPLE})
    directory = archive.rindex(b"PK\x01\x02")
    flagged = archive[:6] + b"\x01" + archive[7 : directory + 8] + b"\x01" + archive[directory + 9 :]
    bucket = files({"a.zip": flagged})
    [file] = bucket.matching(StreamFiles(["a.zip#*"], CSV))
    with pytest.raises(dg.Failure, match=r"(?s)s3://bucket/a\.zip#a\.csv cannot be read.*encrypted"):
        bucket.facts(file, CSV, NOTHING)


def test_keys_that_no_glob_matches_are_passed_over() -> None:
    passed: list[str] = []
    bucket = files({"x/a.csv": PEOPLE, "x/a.CSV": PEOPLE, "x/b.zip": zipped({"b.txt": PEOPLE}), "y/a.csv": PEOPLE})
    found = bucket.matching(StreamFiles(["x/*.csv"], CSV), passed.append)
    assert ([file.name for file in found], passed) == (["x/a.csv"], ["x/a.CSV", "x/b.zip"])


def test_copies_are_objects_with_the_same_content() -> None:
    bucket = files({"a.csv": PEOPLE, "b.csv": b"id\n1\n", "old/a.csv": PEOPLE})
    assert copies(bucket.matching(StreamFiles(["**"], CSV))) == {"old/a.csv": "a.csv"}


def test_rows_of_json_lines_are_text() -> None:
    bucket = files({"a.jsonl": b'{"id": 1, "x": "a", "y": null, "z": [1]}\n\nbroken\n{"id": true}\n'})
    rows = list(bucket.rows("a.jsonl", JsonlFormat(filetype="jsonl")))
    assert rows == [(1, {"id": "1", "x": "a", "z": "[1]"}), (4, {"id": "true"})]


@pytest.mark.parametrize("content", [PEOPLE, gzip.compress(PEOPLE)[:-9]], ids=["not gzip", "cut off"])
def test_damaged_content_names_the_file(content: bytes) -> None:
    with pytest.raises(dg.Failure, match=r"s3://bucket/a\.csv\.gz"):
        files({"a.csv.gz": content}).facts(File("a.csv.gz", "1", WHEN), CSV, NOTHING)


def test_a_compressed_parquet_file_is_not_read() -> None:
    with pytest.raises(NotCountedError, match="footer"):
        files({"a.gz": b""}).facts(File("a.gz", "1", WHEN), ParquetFormat(filetype="parquet"), NOTHING)
