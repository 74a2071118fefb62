"""Files: names of uploads, streaming in parts, previews, and who reads a file."""

import asyncio
import datetime
import gzip
import io
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.clients.calls import Service, ServiceError
from console.logic import files, previews, uploads
from console.logic.previews import Preview
from console.pages.files import upload_address


class Bucket:
    """S3 with one bucket, in memory; `calls` are the names of the requests."""

    bucket = "bucket"
    service = Service("localstack", "S3", "make logs s=localstack")

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.calls: list[str] = []
        self.fail_at = ""

    async def call(self, function: Callable[[Any], Any], _seconds: float = 0) -> Any:
        return function(self)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def request(**options: Any) -> Any:
            self.calls.append(name)
            if name == self.fail_at:
                raise ServiceError("S3", "no disk space", "make doctor")
            return getattr(self, f"_{name}")(**options)

        return request

    def _put_object(self, Key: str, Body: bytes, **_: Any) -> None:
        self.objects[Key] = Body

    def _create_multipart_upload(self, **_: Any) -> Any:
        return {"UploadId": "1"}

    def _upload_part(self, PartNumber: int, Body: bytes, **_: Any) -> Any:
        self.parts[PartNumber] = Body
        return {"ETag": str(PartNumber)}

    def _complete_multipart_upload(self, Key: str, MultipartUpload: Any, **_: Any) -> None:
        self.objects[Key] = b"".join(self.parts[part["PartNumber"]] for part in MultipartUpload["Parts"])

    def _abort_multipart_upload(self, **_: Any) -> None:
        self.parts.clear()

    def _get_object(self, Key: str, Range: str, **_: Any) -> Any:
        first, last = map(int, Range.removeprefix("bytes=").split("-"))
        return {"Body": io.BytesIO(self.objects[Key][first : last + 1])}


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def upload(bucket: Bucket, *chunks: bytes, length: int | None = None) -> int:
    return asyncio.run(uploads.upload(bucket, "a.csv", stream(*chunks), length))  # type: ignore[arg-type]


def test_a_small_file_is_one_request() -> None:
    bucket = Bucket()
    assert upload(bucket, b"id\n", b"1\n", length=5) == 5
    assert (bucket.objects, bucket.calls) == ({"a.csv": b"id\n1\n"}, ["put_object"])


def test_an_empty_file() -> None:
    bucket = Bucket()
    upload(bucket)
    assert bucket.objects == {"a.csv": b""}


def test_a_large_file_goes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PART", 4)
    bucket = Bucket()
    assert upload(bucket, b"ab", b"cdefg", b"hijk", b"l", length=12) == 12
    assert bucket.objects == {"a.csv": b"abcdefghijkl"}
    assert bucket.parts == {1: b"abcdefg", 2: b"hijk", 3: b"l"}


def test_a_file_that_s3_cannot_take_is_refused_before_its_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PART", 4)
    bucket = Bucket()
    with pytest.raises(uploads.Refused, match="40,000"):
        upload(bucket, b"ab", length=40_001)
    assert bucket.calls == []


def test_an_upload_that_stops_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stops() -> AsyncIterator[bytes]:
        yield b"abcde"
        await asyncio.Event().wait()

    monkeypatch.setattr(uploads, "PART", 4)
    monkeypatch.setattr(uploads, "SILENCE_SECONDS", 0)
    bucket = Bucket()
    with pytest.raises(uploads.Refused, match="nothing arrived"):
        asyncio.run(uploads.upload(bucket, "a.csv", stops()))  # type: ignore[arg-type]
    assert bucket.calls[-1] == "abort_multipart_upload"


def test_a_file_of_whole_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PART", 4)
    bucket = Bucket()
    upload(bucket, b"abcdefgh")
    assert bucket.objects == {"a.csv": b"abcdefgh"}


@pytest.mark.parametrize("fail_at", ["upload_part", "complete_multipart_upload", ""])
def test_an_interrupted_upload_leaves_nothing(monkeypatch: pytest.MonkeyPatch, fail_at: str) -> None:
    monkeypatch.setattr(uploads, "PART", 4)
    bucket = Bucket()
    bucket.fail_at = fail_at
    with pytest.raises((ServiceError, uploads.Refused)):
        upload(bucket, b"abcdefg", length=100)
    assert bucket.objects == {}
    assert bucket.calls[-1] == "abort_multipart_upload"


def test_the_key_is_in_the_folder() -> None:
    assert uploads.key("jaffle_shop/", "a b.csv") == "jaffle_shop/a b.csv"
    assert uploads.key("", "ü.csv") == "ü.csv"


@pytest.mark.parametrize("name", ["", "..", "a/b.csv", "../x", "a\nb", "x" * 1100])
def test_a_name_that_no_file_has_is_refused(name: str) -> None:
    with pytest.raises(uploads.Refused):
        uploads.key("jaffle_shop", name)


def test_a_folder_leads_nowhere_else() -> None:
    with pytest.raises(uploads.Refused):
        uploads.key("a/../b", "x.csv")


def test_the_preview_of_a_csv_file() -> None:
    found = previews.of_bytes(b'\xef\xbb\xbfid;name\n1;"a;b"\n2;<script>\n', ".csv")
    assert found == Preview(("id", "name"), (("1", "a;b"), ("2", "<script>")))


def test_the_preview_of_a_cut_file_ends_with_a_whole_line() -> None:
    found = previews.of_bytes(b"id,name\n1,one\n2,tw", ".csv", is_whole=False)
    assert isinstance(found, Preview)
    assert found.rows == (("1", "one"),)
    assert "first 1 rows" in found.note


def test_a_preview_is_small_whatever_the_file_is() -> None:
    wide = b",".join(b"c%d" % at for at in range(2000)) + b"\n" + b"1," * 1999 + b"1\n"
    found = previews.of_bytes(wide, ".csv")
    assert isinstance(found, Preview)
    assert len(found.columns) == len(found.rows[0]) == previews.COLUMNS
    assert "2,000 columns" in found.note
    assert previews.cut("x" * 10_000_000) == "x" * previews.CHARACTERS + "…"


def test_the_preview_of_json_lines_tells_null_from_empty() -> None:
    found = previews.of_bytes(b'{"id": 1, "name": null}\n{"id": 2, "name": "", "more": {"a": [1]}}\n', ".jsonl")
    assert found == Preview(("id", "name", "more"), (("1", None, None), ("2", "", '{"a": [1]}')))


def test_the_preview_of_a_json_document_of_several_lines() -> None:
    assert previews.of_bytes(json.dumps({"id": 1}, indent=2).encode(), ".json") == Preview(("id",), (("1",),))
    array = json.dumps([{"id": 1}, {"id": 2}], indent=2).encode()
    assert previews.of_bytes(array, ".json") == Preview(("id",), (("1",), ("2",)))
    assert previews.of_bytes(b"[]", ".json") == "The file has no rows."
    with pytest.raises(ValueError, match="JSON lines"):
        previews.of_bytes(array[:-5], ".json", is_whole=False)


def preview(bucket: Bucket, key: str) -> Preview | str:
    return asyncio.run(previews.preview(bucket, key, len(bucket.objects[key])))  # type: ignore[arg-type]


def test_previews_of_objects() -> None:
    bucket = Bucket()
    table = io.BytesIO()
    pq.write_table(pa.table({"id": [1, None], "name": ["a", "b"]}), table)
    bucket.objects = {
        "a.parquet": table.getvalue(),
        "a.csv.gz": gzip.compress(b"id\n1\n"),
        "bomb.csv.gz": gzip.compress(b"id\n" + b"1\n" * 5_000_000),
        "empty.csv": b"",
        "a.bin": b"\0",
        "broken.jsonl": b"{",
        "not.gz.csv.gz": b"id\n1\n",
    }
    assert preview(bucket, "a.parquet") == Preview(
        ("id", "name"), (("1", "a"), (None, "b")), "The first 2 of 2 rows are shown."
    )
    spark = io.BytesIO()
    times = [datetime.datetime(1600, 1, 1), datetime.datetime(9999, 12, 31)]
    pq.write_table(pa.table({"at": times}), spark, use_deprecated_int96_timestamps=True)
    bucket.objects["spark.parquet"] = spark.getvalue()
    found = preview(bucket, "spark.parquet")
    assert isinstance(found, Preview)
    assert [str(row[0])[:4] for row in found.rows] == ["1600", "9999"]
    unpacked = preview(bucket, "a.csv.gz")
    assert isinstance(unpacked, Preview)
    assert unpacked.rows == (("1",),)
    bomb = preview(bucket, "bomb.csv.gz")
    assert isinstance(bomb, Preview)
    assert len(bomb.rows) == previews.ROWS
    for key in ("empty.csv", "a.bin", "broken.jsonl", "not.gz.csv.gz"):
        assert isinstance(preview(bucket, key), str)


def test_who_reads_a_file(tmp_path: Path) -> None:
    stream = {"name": "orders", "globs": ["shop/orders*.csv"], "format": {"filetype": "csv"}}
    file = {
        "workspace": {"id": "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6", "name": "w"},
        "sources": [
            {"name": "s", "connector": "source-s3", "configuration": {"bucket": "bucket", "streams": [stream]}},
            {"name": "other", "connector": "source-s3", "configuration": {"bucket": "theirs", "streams": [stream]}},
        ],
        "destinations": [
            {"name": "d", "connector": "destination-bigquery", "configuration": {"project_id": "p", "dataset_id": "d"}}
        ],
        "connections": [
            {
                "name": name,
                "source": source,
                "destination": "d",
                "prefix": source,
                "streams": [
                    {"name": "orders", "sync_mode": "full_refresh_overwrite", "dbt_source": f"shop.{name}", "files": []}
                ],
            }
            for name, source in (("orders", "s"), ("theirs", "other"))
        ],
    }
    path = tmp_path / "connections.yaml"
    path.write_text(json.dumps(file))
    readers = files.readers(path, "bucket")
    assert [reader.connection for reader in files.readers_of("shop/orders_2.csv", readers)] == ["orders"]
    assert files.readers_of("shop/payments.csv", readers) == []
    path.write_text("connections: 1")
    with pytest.raises(ServiceError, match=r"connections\.yaml"):
        files.readers(path, "bucket")


def test_the_way_to_a_folder() -> None:
    assert files.parents("a/b") == [("a", "a/"), ("b", "a/b/")]
    assert (files.prefix(""), files.prefix("a/b/")) == ("", "a/b/")


def test_a_part_of_a_key_may_be_empty() -> None:
    assert files.parents("a//") == [("a", "a/"), ("", "a//")]
    assert files.parents("/") == [("", "/")]
    assert [files.prefix(folder) for folder in ("/", "a//", "a")] == ["/", "a//", "a/"]
    assert [files.folder_of(key) for key in ("/x.csv", "a//b.csv", "c.csv")] == ["/", "a//", ""]
    assert uploads.key("a//", "b.csv") == "a//b.csv"


def test_only_the_agreed_files_replace_others() -> None:
    address = upload_address("a b", ['"b".csv'])
    assert "folder=a%20b" in address
    assert '["\\"b\\".csv"].includes(files[0].name) ? 1 : 0' in address
    assert "[].includes" in upload_address("", [])
