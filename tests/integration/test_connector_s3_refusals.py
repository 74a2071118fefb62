"""Repairs of the S3 connector: it refuses files with their place and a remedy. Each case fails without its repair."""

import codecs
import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner

from . import odd_avro
from .batches.odd_parquet import ODD, parquet
from .refusing_s3 import refusing_s3
from .running import Server
from .s3_source import AVRO, JSONL, NO_HEADER, PARQUET, SKIP, Put, Source, numbers
from .syncs import s3_configuration


def tar(content: bytes) -> bytes:
    """Return a compressed tar archive with one file."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as members:
        member = tarfile.TarInfo("a.csv")
        member.size = len(content)
        members.addfile(member, io.BytesIO(content))
    return archive.getvalue()


# Each file has a fault: its content, the format of its stream, and facts in the message.
FAULTS: dict[str, tuple[str | bytes, dict[str, Any], list[str]]] = {
    "more values.csv": ("id,name\n1,a\n2,b,c\n", {}, ["line 3: 3 values", "header has 2", "ignore_errors_on_fields"]),
    "fewer values.csv": ("id,name\n1\n", {}, ["line 2: 1 value,", "header has 2"]),
    "blank before a quote.csv": ('id,name\n1, "a, b"\n', {}, ["line 2: 3 values", "remove the blank before the quote"]),
    "lines of a value.csv": ('id,name\n1,"a\nb"\n2\n', {}, ["line 4: 1 value"]),
    "lines of a row.csv": ('id,name\n1,a,"b\nc"\n', {}, ["lines 2 to 3: 3 values"]),
    "titles.csv": (
        "Report\n\nid,name\n1\n",
        {"skip_rows_before_header": 2},
        ["line 4: 1 value", "header in line 3 has 2"],
    ),
    "open quote.csv": ('id,name\n1,a\n2,"b\n3,c\n', {}, ["line 3", "quote", "value 2", "format.quote_char"]),
    "open quote in a long row.csv": ('id,name\n1,a\n"2\n3",b,"c\n4,d\n', {}, ["line 4", "value 3"]),
    "skipped open quote.csv": ('id,name\n1,a\n2,b,"c\n', SKIP, ["line 3", "quote"]),
    "semicolons.csv": ("id;name\n1;1,5\n", {}, ["line 1", "'id;name'", "format.delimiter to ';'"]),
    "only semicolons.csv": ("id;name\n1;a\n", {}, ["line 1", "'id;name'", "format.delimiter to ';'"]),
    "tabs.csv": ("id\tname\n1\ta\n", {}, ["format.delimiter to '\\t'"]),
    "same names.csv": ("id,name,name,id\n1,a,b,2\n", {}, ["line 1", "'id' (columns 1, 4)", "'name' (columns 2, 3)"]),
    "blanks.csv": ("id, name\n1,a\n", {}, ["line 1", "' name'", "NULL"]),
    "two cases.csv": ("id,name,ID\n1,a,2\n", {}, ["line 1", "'id' and 'ID'", "differ by case only"]),
    "two other cases.csv": ("Id,name,ID\n1,a,2\n", {}, ["line 1", "'Id' and 'ID'", "'id'"]),
    "two cases.jsonl": ('{"id": 1}\n{"id": 2, "ID": 3}\n', JSONL, ["'id' and 'ID'"]),
    "two cases.parquet": (numbers("id", "ID"), PARQUET, ["'id' and 'ID'"]),
    "not declared.csv": ("first,last\na,b\n", {}, ["line 1", "none of the declared columns", "'first'", "globs"]),
    "read me.md": ("# Files\n\nof 2024\n", {}, ["line 1", "none of the declared columns", "'# Files'"]),
    "byte order mark.csv": (
        codecs.BOM_UTF8 + b"id,name\n1,a\n",
        {},
        ["byte order mark", "format.encoding to utf-8-sig"],
    ),
    "mark without a header.csv": (codecs.BOM_UTF8 + b"1,a\n", NO_HEADER, ["byte order mark", "utf-8-sig"]),
    "no name.csv": ("id,,name\n1,2,a\n", {}, ["line 1", "column 2. Name it in the file. Or name"]),
    "no names.csv": (",\n1,a\n", {}, ["line 1", "header is empty"]),
    "value without a name.csv": ("id,name,\n1,a,\n2,b,c\n", {}, ["line 3", "column 3", "Name the column"]),
    "empty.csv": ("", {}, ["empty (0 bytes)", "ignore_errors_on_fields_mismatch: true"]),
    "end of DOS.csv": ("id,name\n1,a\n\x1a", {}, ["line 3", "0x1A", "Remove it"]),
    "too short.csv": ("id,name\n", {"skip_rows_before_header": 3}, ["only 1 line", "skip_rows_before_header"]),
    "latin.csv": ("id,name\n1,Zoe\n2,Müller\n".encode("latin-1"), {}, ["line 3, byte 4", "0xFC", "format.encoding"]),
    "no mark.csv": (
        "id,name\n1,a\n".encode("utf-16-le"),
        {"encoding": "utf-16"},
        ["line 1", "no byte order mark", "format.encoding to utf-16-le"],
    ),
    "no mark of utf-32.csv": (
        "id,name\n1,a\n".encode("utf-32-be"),
        {"encoding": "utf-32"},
        ["line 1", "no byte order mark", "utf-32-be"],
    ),
    "archive.csv": (b"PK\x03\x04" + bytes(20), {"encoding": "utf-16"}, ["line 1", "ZIP", "must end with .zip"]),
    "not utf-16.csv": ("id,name\n1,a\n", {"encoding": "utf-16"}, ["line 1", "format.encoding to utf-8"]),
    "two marks.csv": (
        codecs.BOM_UTF8 * 2 + b"id,name\n1,a\n",
        {"encoding": "utf-8-sig"},
        ["line 1", "second", "Remove it"],
    ),
    "excel.csv": ("sep=;\nid;name\n1;a\n", {}, ["line 1", "'sep=;'", "skip_rows_before_header: 1"]),
    "excel, the right delimiter.csv": (
        "sep=;\nid;name\n1;a\n",
        {"delimiter": ";"},
        ["line 1", "'sep='", "skip_rows_before_header: 1."],
    ),
    "comment.csv": ("# by hand\nid,name\n1,a\n", {}, ["line 2: 2 values", "below line 1", "skip_rows_before_header"]),
    "workbook.csv": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), {}, ["line 1", "Excel"]),
    "compressed, read as Latin-1.csv": (
        gzip.compress(b"id,name\n1,a\n"),
        {"encoding": "latin-1"},
        ["line 1", "gzip", ".gz"],
    ),
    "page.csv": (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", {}, ["line 2", "PDF"]),
    "files.tar.gz": (tar(b"id,name\n1,a\n"), {}, ["tar archive"]),
    "damaged.csv.gz": (gzip.compress(b"id,name\n1,a\n")[:-8] + bytes(8), {}, ["damaged"]),
    "latest/test.csv": ("id,name\n1,2,3\n", {}, ["latest/test.csv, line 2"]),
    "utf-16.csv": ("id,name\n1,a\n".encode("utf-16"), {}, ["line 1", "0xFF", "format.encoding to utf-16."]),
    "half of utf-16.csv": ("id,name\n1,a\n".encode("utf-16-le"), {}, ["line 1", "NUL", "utf-16-le"]),
    "compressed.csv": (gzip.compress(b"id,name\n"), {}, ["gzip", ".gz"]),
    "twice.csv.gz": (gzip.compress(gzip.compress(b"id,name\n")), {}, ["compressed twice"]),
    "compressed.csv.xz": (lzma.compress(b"id,name\n"), {}, ["xz", "gzip"]),
    "invalid.jsonl": ('{"id": 1}\n\n{"id": 2, name}\n{"id": 3}\n', JSONL, ["line 3, column 11", "not valid JSON"]),
    "cut off.jsonl": ('{"id": 1}\n{"id":\n', JSONL, ["line 2", "no end"]),
    "array.jsonl": ('[\n{"id": 1},\n{"id": 2}\n]\n', JSONL, ["line 1", "array"]),
    "array on a line.jsonl": ('[{"id": 1}, {"id": 2}]\n', JSONL, ["line 1", "array"]),
    "number.jsonl": ('{"id": 1}\n7\n', JSONL, ["line 2", "number"]),
    "utf-16.jsonl": ('{"id": 1}\n'.encode("utf-16"), JSONL, ["line 1", "must be UTF-8"]),
    "mark.jsonl": (codecs.BOM_UTF8 + b'{"id": 1}\n', JSONL, ["line 1", "byte order mark"]),
    "latin.jsonl": ('{"id": 1}\n{"name": "ü"}\n'.encode("latin-1"), JSONL, ["line 2, byte 11", "0xFC", "UTF-8"]),
    "same names.parquet": (numbers("id", "id"), PARQUET, ["2 columns", "'id'"]),
    "cut off.parquet": (numbers("id")[:-20], PARQUET, ["not a valid Parquet file", "Upload", "format.filetype"]),
    "damaged.parquet": (numbers("id")[:8] + bytes(20) + numbers("id")[28:], PARQUET, ["damaged", "Upload"]),
    "damaged end.parquet": (numbers("id")[:-60] + bytes(52) + numbers("id")[-8:], PARQUET, ["damaged", "Upload"]),
    "_SUCCESS": (b"", PARQUET, ["empty (0 bytes)", "globs", "**/*.parquet"]),
    "lines.parquet": ("id,name\n1,a\n", PARQUET, ["not a valid Parquet file", "format.filetype"]),
    "parquet.csv": (numbers("id"), {}, ["Parquet", "format.filetype to parquet"]),
    "workbook.jsonl": (b"PK\x03\x04\x84" + bytes(20), JSONL, ["line 1", "Excel workbook"]),
    "lines.avro": ("id,name\n1,a\n", AVRO, ["not an Avro file", "Upload", "format.filetype"]),
    **{key: (content, PARQUET, facts) for key, (content, facts) in ODD.items()},
    **{key: (content, AVRO, facts) for key, (content, facts) in odd_avro.FAULTS.items()},
}


def test_fault_in_a_file_is_named_with_its_line_and_what_to_do(s3_source: Source, put: Put) -> None:
    for key, (content, _, _) in FAULTS.items():
        put(key, content)
    _, errors, _ = s3_source.read({key: ([key], format_) for key, (_, format_, _) in FAULTS.items()})
    said = {key: errors.get(key, "nothing") for key in FAULTS}
    unsaid = {
        key: said[key]
        for key, (_, _, facts) in FAULTS.items()
        if not said[key].startswith(f"Stream {key}: {key}") or not all(fact in said[key] for fact in facts)
    }
    assert unsaid == {}
    assert s3_source.failure
    assert s3_source.failure.failure_type == "config_error"


@pytest.mark.parametrize(
    ("key", "content", "format_", "facts"),
    [
        ("none.parquet", numbers(), PARQUET, ["no columns", "globs"]),
        ("empty.jsonl", "\n", JSONL, ["no JSON object", "input_schema"]),
        ("objects.jsonl", "{}\n{}\n", JSONL, ["no JSON object", "input_schema"]),
    ],
)
def test_a_file_without_columns_is_named(
    runner: ConnectorRunner,
    connector: Connector,
    s3: Server,
    bucket: str,
    put: Put,
    key: str,
    content: str | bytes,
    format_: dict[str, Any],
    facts: list[str],
) -> None:
    put(key, content)
    configuration = s3_configuration(s3.url, bucket, "none", [key], format=format_)
    with pytest.raises(ConnectorError) as error:
        runner.discover(connector, configuration)
    assert str(error.value).startswith(f"Stream none: {key}: ")
    assert all(fact in str(error.value) for fact in facts), str(error.value)


def test_a_stream_without_files_is_told_where_its_schema_is_that_of_the_newest_files(
    runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str
) -> None:
    configuration = s3_configuration(s3.url, bucket, "none", ["no.csv"])
    configuration["streams"][0]["recent_n_files_to_read_for_schema_discovery"] = 2
    with pytest.raises(ConnectorError) as error:
        runner.discover(connector, configuration)
    assert str(error.value).startswith("Stream none: globs no.csv: no key in the bucket matches. Upload")


def test_a_type_that_the_connector_does_not_know(
    runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str, put: Put
) -> None:
    put("pairs.parquet", parquet(pyarrow.array([[1, 2]], pyarrow.list_(pyarrow.int64(), 2))))
    configuration = s3_configuration(s3.url, bucket, "people", ["pairs.parquet"])
    configuration["streams"][0]["format"] = PARQUET
    with pytest.raises(ConnectorError) as refused:
        runner.discover(connector, configuration)
    message = refused.value.message
    assert all(fact in message for fact in ("pairs.parquet, column 'name'", "fixed_size_list", "input_schema")), message


def test_secret_that_is_a_word_masks_no_other_words(
    runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str, put: Put
) -> None:
    put("latest/test.csv", "id,name\n1,2,3\n")
    configuration = s3_configuration(s3.url, bucket, "people", ["latest/*"])
    assert configuration["credentials"]["aws_secret_access_key"] == "test"
    result = runner.check(connector, configuration)
    assert "latest/test.csv, line 2" in result.message


@pytest.fixture
def closed_s3() -> Iterator[str]:
    """The address of an S3 that lists one file and refuses to read it."""
    listing = (
        "<ListBucketResult><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated><Contents><Key>a.csv</Key>"
        "<LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents></ListBucketResult>"
    )
    with refusing_s3("AccessDenied", "Access Denied", listing) as url:
        yield url


def test_file_that_may_not_be_read(runner: ConnectorRunner, connector: Connector, closed_s3: str) -> None:
    _, errors, _ = Source(runner, connector, closed_s3, "bucket").read({"closed": (["a.csv"], {})})
    assert "s3:GetObject" in errors["closed"]
    assert "a.csv" in errors["closed"]
