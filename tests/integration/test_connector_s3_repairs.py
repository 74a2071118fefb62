"""The repairs of Airbyte's S3 connector: files that it now refuses or reads. Each case fails without its repair."""

import codecs
import datetime
import gzip
import http.server
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from airbyte_lite.connectors.protocol import ConnectorError, abandoned_file_of, error_of, parse_message
from airbyte_lite.connectors.registry import Connector, load_registry
from airbyte_lite.connectors.runner import ConnectorRunner
from tests.serving import serving
from tools.local.platform import ENVIRONMENTS

from . import odd_avro
from .batches.odd_parquet import EXACT, ODD, parquet
from .running import Server
from .syncs import s3_configuration

Put = Callable[[str, str | bytes], None]
CSV = {"filetype": "csv", "null_values": [""]}
JSONL = {"filetype": "jsonl"}
PARQUET = {"filetype": "parquet"}
AVRO = {"filetype": "avro"}
COLUMNS = {
    "id": "integer",
    "name": "string",
    "Name": "string",
    "name\n(full)": "string",
    "f0": "integer",
    "f1": "string",
    "data": "object",
}
NO_HEADER = {"header_definition": {"header_definition_type": "User Provided", "column_names": ["id", "name"]}}
SKIP = {"ignore_errors_on_fields_mismatch": True}
KEYS = [
    "what?.csv",
    "tab\there.csv",
    "line\nbreak.csv",
    "user:word@host.csv",
    "100%.csv",
    "50%25.csv",
    "x#y.csv",
    "a+b&c=d;e.csv",
    "back\\slash.csv",
    "quote'\".csv",
    "(1) [copy].csv",
    "emoji😀 日本.csv",
    "date=2024-01-01/part=0/x.csv",
]


def tar(content: bytes) -> bytes:
    """Return a compressed tar archive with one file."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as members:
        member = tarfile.TarInfo("a.csv")
        member.size = len(content)
        members.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def numbers(*names: str) -> bytes:
    """Return a Parquet file with one row and these columns."""
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table([[number] for number in range(len(names))], names=list(names)), file)
    return file.getvalue()


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
    "lines.parquet": ("id,name\n1,a\n", PARQUET, ["not a valid Parquet file", "format.filetype"]),
    "parquet.csv": (numbers("id"), {}, ["Parquet", "format.filetype to parquet"]),
    "workbook.jsonl": (b"PK\x03\x04\x84" + bytes(20), JSONL, ["line 1", "Excel workbook"]),
    "lines.avro": ("id,name\n1,a\n", AVRO, ["not an Avro file", "Upload", "format.filetype"]),
    **{key: (content, PARQUET, facts) for key, (content, facts) in ODD.items()},
    **{key: (content, AVRO, facts) for key, (content, facts) in odd_avro.FAULTS.items()},
}
# Each file is read: its content, the format of its stream, and its records.
READ: dict[str, tuple[str | bytes, dict[str, Any], list[tuple[Any, ...]]]] = {
    "lines of a header.csv": ('id,"name\n(full)"\n1,a\n2,b\n', {}, [(1, "a"), (2, "b")]),
    "another case.csv": ("ID,name\n1,a\n", {}, [(1, "a")]),
    "another case.jsonl": ('{"ID": 1, "name": "a"}\n{"name": "b", "Id": 2}\n', JSONL, [(1, "a"), ("b", 2)]),
    "another case.parquet": (numbers("ID", "F0"), PARQUET, [(0, 1)]),
    "names of the format in another case.csv": (
        "1,a\n",
        {"header_definition": {"header_definition_type": "User Provided", "column_names": ["ID", "name"]}},
        [(1, "a")],
    ),
    "another declared spelling.csv": ("id,Name\n1,a\n", {}, [(1, "a")]),
    "skipped rows.csv": ("id,name\n1,a\n2\n3,c,d\n4,e\n", SKIP, [(1, "a"), (4, "e")]),
    "skipped file.csv": ("", SKIP, []),
    "title.csv": (
        'A "title\nid,name\nnote\n1,a\n',
        {"skip_rows_before_header": 1, "skip_rows_after_header": 1},
        [(1, "a")],
    ),
    "empty columns.csv": ("id,name,,\n1,a,,\n2,b\n\n", {}, [(1, "a"), (2, "b")]),
    "no header.csv": ("1,a\n2,b\n", NO_HEADER, [(1, "a"), (2, "b")]),
    "first row.csv": (
        "\n1,a\n\n2,b\n",
        {"header_definition": {"header_definition_type": "Autogenerated"}},
        [(1, "a"), (2, "b")],
    ),
    "object.csv": ('id,data\n1,"{""a"": 1}"\n2,\n', {}, [(1, {"a": 1}), (2,)]),
    "one column.csv": ("id\n1\n2\n", {}, [(1,), (2,)]),
    "objects.jsonl": ('{"id": 1, "name": "a"}\n\n{"id":\n2,\n"name": "b"}', JSONL, [(1, "a"), (2, "b")]),
    **{key: (content, PARQUET, list(enumerate(values))) for key, (content, values) in EXACT.items()},
    **{key: (content, AVRO, list(enumerate(values))) for key, (content, values) in odd_avro.READ.items()},
}


class Source:
    """The connector, reading many streams of one bucket at once."""

    def __init__(self, runner: ConnectorRunner, connector: Connector, endpoint: str, bucket: str) -> None:
        self._runner, self._connector, self._endpoint, self._bucket = runner, connector, endpoint, bucket
        self.failure: ConnectorError | None = None

    def read(
        self, streams: dict[str, tuple[list[str], dict[str, Any]]], *, policy: str = "Emit Record", **columns: Any
    ) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str], list[str]]:
        """Return the records and the error of each stream, and all warnings. `columns` replaces types of COLUMNS."""
        configuration = s3_configuration(self._endpoint, self._bucket, "", [])
        configuration["streams"] = [
            {"name": name, "globs": globs, "format": CSV | format_, "input_schema": json.dumps(COLUMNS)}
            | {"validation_policy": policy}
            for name, (globs, format_) in streams.items()
        ]
        types = {name: {"type": ["null", kind]} for name, kind in COLUMNS.items()}
        schema = {"type": "object", "properties": types | columns}
        catalog = [
            {
                "stream": {"name": name, "json_schema": schema, "supported_sync_modes": ["full_refresh"]},
                "sync_mode": "full_refresh",
                "destination_sync_mode": "append",
            }
            for name in streams
        ]
        records: dict[str, list[dict[str, Any]]] = {name: [] for name in streams}
        errors: dict[str, str] = {}
        warnings = []
        # The error at the end has the first faults only. Here, the faults of each stream are collected.
        with self._runner.read(self._connector, configuration, {"streams": catalog}, []) as read:
            try:
                for line in read:
                    message = parse_message(line)
                    assert message is not None, line
                    if message["type"] == "RECORD":
                        records[message["record"]["stream"]].append(message["record"]["data"])
                    elif abandoned_file_of(message):
                        text = message["log"]["message"]
                        (stream,) = (name for name in streams if f"Stream {name}: " in text)
                        errors[stream] = text
                    elif message["type"] == "LOG" and message["log"]["level"] == "WARN":
                        warnings.append(message["log"]["message"])
                    elif sent := error_of(message):
                        self.failure = sent
            except ConnectorError as error:
                self.failure = error
        return records, errors, warnings


@pytest.fixture(scope="module")
def connector() -> Connector:
    return load_registry(ENVIRONMENTS / "connectors")["source-s3"]


@pytest.fixture
def source(runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str) -> Source:
    return Source(runner, connector, s3.url, bucket)


def glob(key: str) -> str:
    """Return a glob that matches only this key."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in key).replace("\\", "\\\\")


def test_fault_in_a_file_is_named_with_its_line_and_what_to_do(source: Source, put: Put) -> None:
    for key, (content, _, _) in FAULTS.items():
        put(key, content)
    _, errors, _ = source.read({key: ([key], format_) for key, (_, format_, _) in FAULTS.items()})
    said = {key: errors.get(key, "nothing") for key in FAULTS}
    unsaid = {
        key: said[key]
        for key, (_, _, facts) in FAULTS.items()
        if not said[key].startswith(f"Stream {key}: {key}") or not all(fact in said[key] for fact in facts)
    }
    assert unsaid == {}
    assert source.failure
    assert source.failure.failure_type == "config_error"


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


def test_files_that_are_read(source: Source, put: Put) -> None:
    for key, (content, _, _) in READ.items():
        put(key, content)
    records, errors, warnings = source.read({key: ([key], format_) for key, (_, format_, _) in READ.items()})
    assert errors == {}
    values = {
        key: [tuple(value for name, value in record.items() if not name.startswith("_ab_")) for record in found]
        for key, found in records.items()
    }
    assert values == {key: rows for key, (_, _, rows) in READ.items()}
    assert any("skipped rows.csv, line 3: 1 value" in warning for warning in warnings)
    assert any("skipped rows.csv: 2 rows" in warning for warning in warnings)
    assert any("skipped file.csv" in warning and "empty" in warning for warning in warnings)


def test_a_csv_column_that_had_another_type_is_read_as_it_is_declared(source: Source, put: Put) -> None:
    put("types.csv", 'id,data\n1,"{""a"": 1}"\n,x\n')
    text_and_object = [{"type": ["null", "object"]}, {"type": ["null", "string"]}]
    for policy in ("Emit Record", "Skip Record", "Wait for Discover"):
        streams: dict[str, Any] = {"types": (["types.csv"], {})}
        records, errors, _ = source.read(streams, policy=policy, data={"oneOf": text_and_object})
        assert errors == {}
        assert [record["data"] for record in records["types"]] == [{"a": 1}, "x"]


def test_the_discovered_types_hold_the_values_of_all_files(
    runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str, put: Put
) -> None:
    """In whatever order the files are read, and with the new columns of each."""
    day, moment = datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5)
    rows: dict[str, tuple[list[Any], str | None]] = {
        # for each stream: the value in each of its files, and the format of its column; None: another type than text
        "moments": ([day, moment], "date-time"),
        "moments first": ([moment, day], "date-time"),
        "texts": ([day, "soon"], ""),
        "texts first": (["soon", moment], ""),
        "numbers": ([5, day, 5], ""),
        "objects": ([{"a": 1}, "x", [1]], ""),
        "lists": ([[1], ["x"]], None),
        "null": ([None, day], "date"),
        "null and lists": ([None, [1]], None),
    }
    for name, (values, _) in rows.items():
        for number, value in enumerate(values):
            file = io.BytesIO()
            pyarrow.parquet.write_table(pyarrow.table({"x": [value], f"only_{number}": [1]}), file)
            put(f"{name}/{number}.parquet", file.getvalue())
    configuration = s3_configuration(s3.url, bucket, "", [])
    put(
        "lines.jsonl",
        '{"x": null, "y": null, "z": 1}\n{"x": [1], "y": {"a": 1}, "z": {}}\n{"x": [], "y": [1], "new": 1}\n',
    )
    configuration["streams"] = [{"name": name, "globs": [f"{name}/*"], "format": PARQUET} for name in rows]
    configuration["streams"].append({"name": "lines", "globs": ["lines.jsonl"], "format": JSONL})
    offered = {
        stream["name"]: stream["json_schema"]["properties"] for stream in runner.discover(connector, configuration)
    }
    lines = {name: column["type"][1] for name, column in offered.pop("lines").items() if not name.startswith("_ab_")}
    assert lines == {"x": "array", "y": "string", "z": "string", "new": "integer"}
    found = {
        name: column.get("format", "") if column["type"] == ["null", "string"] else None
        for name, column in ((name, columns["x"]) for name, columns in offered.items())
    }
    assert found == {name: expected for name, (_, expected) in rows.items()}
    assert all(f"only_{len(values) - 1}" in offered[name] for name, (values, _) in rows.items())


def test_names_that_differ_by_case_only_are_discovered_as_one_column(
    runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str, put: Put
) -> None:
    """Unless one file, or one object, has both: then they are two columns, as in Airbyte."""
    for key, content in {
        "files/0.csv": "id,Name\n1,a\n",
        "files/1.csv": "ID,name\n2.5,b\n",
        "files/2.csv": "id,name\n2,c\n",
        "both/0.csv": "id,ID\n7,8\n",
        "both/1.csv": "id\n7\n",
        "objects/0.jsonl": '{"id": 1, "A": "x", "b": 1}\n{"ID": 2.5, "a": "y", "B": 2, "b": 3}\n',
    }.items():
        put(key, content)
    configuration = s3_configuration(s3.url, bucket, "", [])
    guessed = CSV | {"inference_type": "Primitive Types Only"}
    formats = {"files": guessed, "both": guessed, "objects": JSONL}
    configuration["streams"] = [{"name": name, "globs": [f"{name}/*"], "format": f} for name, f in formats.items()]
    offered = runner.discover(connector, configuration)
    found = {
        stream["name"]: {
            name: column["type"] for name, column in stream["json_schema"]["properties"].items() if name[0] != "_"
        }
        for stream in offered
    }
    assert found == {
        "files": {"id": ["null", "number"], "name": ["null", "string"]},
        "both": {"id": ["null", "integer"], "ID": ["null", "integer"]},
        "objects": {
            "id": ["null", "number"],
            "a": ["null", "string"],
            "b": ["null", "integer"],
            "B": ["null", "integer"],
        },
    }


def test_every_key_is_read_and_every_glob_finds_its_files(source: Source, put: Put) -> None:
    for number, key in enumerate(KEYS):
        put(f"keys/{key}", f"id,name\n{number},a\n")
        put(key, f"id,name\n{number},a\n")
    streams: dict[str, tuple[list[str], dict[str, Any]]] = {
        "all": (["keys/**"], {}),
        "one wildcard": (["keys/a[+]b&c?d;e.csv"], {}),
        "also in the root": (["[w]hat*.csv", "keys/1*.csv"], {}),
    }
    records, errors, _ = source.read(streams)
    assert errors == {}
    assert sorted(record["_ab_source_file_url"] for record in records["all"]) == sorted(f"keys/{key}" for key in KEYS)
    assert [record["id"] for record in records["one wildcard"]] == [KEYS.index("a+b&c=d;e.csv")]
    found = sorted(record["_ab_source_file_url"] for record in records["also in the root"])
    assert found == ["keys/100%.csv", "what?.csv"]


def test_archive_is_read_in_any_encoding_and_without_its_folders(source: Source, put: Put) -> None:
    text = "id,name\n1,Zoë\n2,日本\n"
    streams: dict[str, tuple[list[str], dict[str, Any]]] = {}
    for encoding in ("utf8", "utf-8-sig", "utf-16"):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
            members.writestr("folder/", "")
            members.writestr("folder/a.csv", text.encode(encoding))
        put(f"{encoding}.zip", archive.getvalue())
        streams[encoding] = ([f"{encoding}.zip#*/*"], {"encoding": encoding})
    records, errors, _ = source.read(streams)
    assert errors == {}
    found = {name: [(record["id"], record["name"]) for record in rows] for name, rows in records.items()}
    assert found == {key: [(1, "Zoë"), (2, "日本")] for key in streams}


def test_archive_that_cannot_be_read_is_named_and_its_own_name_may_have_any_character(source: Source, put: Put) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("a.csv", "id,name\n1,a\n")
    whole = archive.getvalue()
    directory = whole.rindex(b"PK\x01\x02")
    changed = {"q-locked": (8, b"\x01"), "packed": (10, b"\x09")}  # the flags and the method in the archive's directory
    contents = {
        name: whole[: directory + at] + new + whole[directory + at + 1 :] for name, (at, new) in changed.items()
    }
    no_date = whole[: directory + 12] + bytes(4) + whole[directory + 16 :]
    contents |= {"text": b"id,name\n1,a\n", "cut": whole[:-30], "q?#1": no_date}
    for name, content in contents.items():
        put(f"{name}.zip", content)
    for name, facts in {
        "q-locked": ("q-locked.zip#a.csv", "encrypted"),
        "packed": ("packed.zip#a.csv", "method 9"),
        "text": ("text.zip", "no ZIP archive"),
        "cut": ("cut.zip", "cut off"),
    }.items():
        source.failure = None
        _, errors, _ = source.read({name: ([f"{name}.zip#*"], {})})
        assert source.failure, name
        message = errors.get(name, source.failure.message)  # of a file, or of all
        assert all(fact in message for fact in facts), message
    source.failure = None
    records, errors, _ = source.read({"rows": (["q[?]#1.zip#*"], {})})  # the encrypted archive lies beside it
    assert (errors, source.failure) == ({}, None)
    found = [(record["id"], record["_ab_source_file_last_modified"] > "2026") for record in records["rows"]]
    assert found == [(1, True)]  # the time of the archive: that of the file in it is no date


@pytest.fixture
def closed_s3() -> Iterator[str]:
    """The address of an S3 that lists one file and refuses to read it."""
    listing = (
        b"<ListBucketResult><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated><Contents><Key>a.csv</Key>"
        b"<LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents></ListBucketResult>"
    )
    refusal = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"

    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listed = "list-type=2" in self.path
            body = listing if listed else refusal
            self.send_response(200 if listed else 403)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def test_file_that_may_not_be_read(runner: ConnectorRunner, connector: Connector, closed_s3: str) -> None:
    _, errors, _ = Source(runner, connector, closed_s3, "bucket").read({"closed": (["a.csv"], {})})
    assert "s3:GetObject" in errors["closed"]
    assert "a.csv" in errors["closed"]


def test_secret_that_is_a_word_masks_no_other_words(
    runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str, put: Put
) -> None:
    put("latest/test.csv", "id,name\n1,2,3\n")
    configuration = s3_configuration(s3.url, bucket, "people", ["latest/*"])
    assert configuration["credentials"]["aws_secret_access_key"] == "test"
    result = runner.check(connector, configuration)
    assert "latest/test.csv, line 2" in result.message


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
