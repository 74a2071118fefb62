"""Reads files record by record and in batches, and reports the differences. Runs in the connector's environment.

    python compare.py PACKAGE DIRECTORY

PACKAGE is the folder of airbyte_lite, DIRECTORY an empty folder. Each line of standard input is a case in JSON; each
line of standard output answers one: the number of rows or "failed", and the differences.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import io
import json
import os
import re
import sys
import traceback
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.file_based.file_based_stream_reader import AbstractFileBasedStreamReader, FileReadMode
from airbyte_cdk.sources.file_based.file_types.csv_parser import CsvParser
from airbyte_cdk.sources.file_based.file_types.jsonl_parser import JsonlParser
from airbyte_cdk.sources.file_based.remote_file import RemoteFile
from source_s3.v4 import Config, Cursor, SourceS3

_spec = spec_from_file_location("airbyte_lite", Path(sys.argv[1]) / "__init__.py")
assert _spec
assert _spec.loader
sys.modules["airbyte_lite"] = module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["airbyte_lite"])
import_module("airbyte_lite.connectors.repairs").install()

from airbyte_lite.batches import blocks, csv_files, hooks, jsonl_files, parquet_files  # noqa: E402
from airbyte_lite.batches import stream as batches_of_stream  # noqa: E402
from airbyte_lite.connectors.protocol import parse_message  # noqa: E402
from airbyte_lite.loader import order  # noqa: E402
from airbyte_lite.loader.errors import SyncError  # noqa: E402
from airbyte_lite.loader.rows import Column, RowFormatter  # noqa: E402
from airbyte_lite.loader.types import FieldType, field_type  # noqa: E402

os.chdir(sys.argv[2])
UNCAST = "Could not cast"
BY_VALUES = {parser: parser.infer_schema for parser in (CsvParser, JsonlParser)}
"""The connector's own functions that infer the types of a file."""
by_value: list[str] = []
"""The functions that were called to read a file value by value."""
STREAM = "orders"
LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)  # the connector's event loop, which asyncio.run would remove


class Reader(AbstractFileBasedStreamReader):  # type: ignore[misc] # airbyte-cdk is not installed here
    """Files in memory."""

    def __init__(self, files: dict[str, bytes], chunk: int) -> None:
        super().__init__()
        self._files, self._chunk = files, chunk
        self._config: Any = None

    @property
    def config(self) -> Any:
        return self._config

    @config.setter
    def config(self, value: Any) -> None:
        self._config = value

    def get_matching_files(self, *_: Any) -> Any:
        start = datetime(2024, 1, 1)
        return [RemoteFile(uri=name, last_modified=start + timedelta(days=n)) for n, name in enumerate(self._files)]

    def open_file(self, file: RemoteFile, mode: FileReadMode, encoding: str | None, *_: Any) -> Any:
        binary = io.BytesIO(self._files[file.uri])
        if mode == FileReadMode.READ_BINARY:
            return binary
        text = io.TextIOWrapper(binary, encoding=encoding)
        text._CHUNK_SIZE = self._chunk  # type: ignore[attr-defined] # bytes that are decoded at once
        return text

    def file_size(self, file: RemoteFile) -> int:
        return len(self._files[file.uri])

    def upload(self, *_: Any) -> Any:
        raise NotImplementedError

    def get_file_acl_permissions(self, *_: Any) -> Any:
        raise NotImplementedError

    def load_identity_groups(self, *_: Any) -> Any:
        raise NotImplementedError

    @property
    def file_permissions_schema(self) -> Any:
        raise NotImplementedError

    @property
    def identities_schema(self) -> Any:
        raise NotImplementedError


class Case:
    """One stream."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.files = {name: base64.b64decode(text) for name, text in content["files"].items()}
        self.mode = content.get("mode", "full_refresh")
        # With small blocks, small files have many.
        blocks.CHUNK_CHARACTERS = content.get("chunk", 1 << 20)
        CsvParser._MAX_BYTES_PER_FILE_FOR_SCHEMA_INFERENCE = content.get("inferred", 1_000_000)
        JsonlParser.MAX_BYTES_PER_FILE_FOR_SCHEMA_INFERENCE = content.get("inferred", 1_000_000)
        batches_of_stream.REPORT_SECONDS = content.get("report", 1.0)
        parquet_files.BATCH_ROWS = min(content.get("chunk", 1 << 20), 16_384)
        parquet_files.BLOCK_BYTES = content.get("chunk", 1 << 20)
        self.format = content.get("to", "parquet")
        self.bytes = content.get("bytes", 8192)
        stream: dict[str, Any] = {"name": STREAM, "globs": ["*"], "validation_policy": "Emit Record"}
        stream["format"] = content["format"]
        self.properties = content.get("properties")
        if self.properties is not None:  # otherwise the connector infers the types of the files in each read
            stream["input_schema"] = json.dumps({name: _declared(each) for name, each in self.properties.items()})
        self.config = {
            "bucket": "b",
            "credentials": {"auth_type": "iam_user", "aws_access_key_id": "a", "aws_secret_access_key": "b"},
            "streams": [stream],
            "delivery_method": {"delivery_type": "use_records_transfer"},
        }
        self.plain = content.get("plain", False)  # whether reading the file value by value is a failure
        self.kinds = content.get("kinds", {})  # types of columns that the table has with another type

    def source(self, catalog: Any) -> SourceS3:
        return SourceS3(
            stream_reader=Reader(self.files, self.bytes),
            spec_class=Config,
            catalog=catalog,
            config=self.config,
            state=[],
            cursor_cls=Cursor,
        )

    def schema(self) -> dict[str, Any]:
        if self.properties is not None:
            own = {key: {"type": "string"} for key in ("_ab_source_file_last_modified", "_ab_source_file_url")}
            return {"type": "object", "properties": {**own, **self.properties}}
        stream = self.source(None).streams(self.config)[0]
        return dict(stream.get_json_schema())

    def inferred(self) -> list[str]:
        """Return the types that the connector infers from each file, or its error.

        Types of several files that do not agree are merged in any order, so the result depends on chance.
        """
        stream = self.source(None).streams(self.config)[0]
        found = []
        for file in stream.list_files():
            try:
                types = LOOP.run_until_complete(stream._infer_file_schema(file))
                found.append(json.dumps(types, sort_keys=True))
            except Exception as error:
                found.append(repr(error))
        return found

    def read(self, schema: dict[str, Any]) -> tuple[list[bytes], Any]:
        """Return the lines of a read as the connector writes them, and the error that ends it."""
        catalog = ConfiguredAirbyteCatalogSerializer.load(
            {
                "streams": [
                    {
                        "stream": {
                            "name": STREAM,
                            "json_schema": schema,
                            "supported_sync_modes": ["full_refresh", "incremental"],
                        },
                        "sync_mode": self.mode,
                        "destination_sync_mode": "append",
                    }
                ]
            }
        )
        source = self.source(catalog)
        entry = AirbyteEntrypoint(source)
        lines: list[bytes] = []
        error = None
        try:
            for message in entry.read(source.spec(), self.config, catalog, []):
                lines.append(AirbyteEntrypoint.airbyte_message_to_string(message).encode() + b"\n")
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
        lines += [
            AirbyteEntrypoint.airbyte_message_to_string(each).encode() for each in entry._emit_queued_messages(source)
        ]
        return lines, error


def _declared(column: dict[str, Any]) -> str:
    """Return a column's type as the configuration declares it: one type for each column, without a format."""
    types = column.get("type", "string")
    kinds = [types] if isinstance(types, str) else [each for each in types if each != "null"]
    return kinds[0] if kinds else "null"


def compare(case: Case) -> tuple[Any, list[str]]:
    """Return the number of rows, or that the reads fail, and the differences of the two ways."""
    by_value.clear()
    by_columns, by_values = case.inferred(), _inferred_by_values(case)
    if by_columns != by_values:
        return "other types", [f"types: {by_values} by values, {by_columns} by columns"]
    try:
        schema = case.schema()
    except Exception as error:
        return f"no schema: {error!r} {error.__cause__!r}", []  # a sync ends here, too
    columns = [
        Column(name, f"c{n}", FieldType(case.kinds[name]) if name in case.kinds else field_type(each))
        for n, (name, each) in enumerate(schema["properties"].items())
    ]
    kinds = {column.name: column.type.name for column in columns} | {"_airbyte_meta": "JSON"}
    json = {name for name, kind in kinds.items() if kind == "JSON"}
    for path in Path().iterdir():
        path.unlink()
    hooks._made.clear()  # a failed case leaves rows
    sent = _sent(*case.read(schema), RowFormatter(columns, 7, 3))
    suffix = order.PARQUET if case.format == "parquet" else order.NDJSON
    wanted = order.Order("key", str(Path().absolute()), suffix, 20_000, {STREAM: order.StreamOrder("b", columns, 7, 3)})
    Path(order.FILE).write_bytes(orjson.dumps(wanted.dump()))
    written = _written(*case.read(schema), json)
    if case.plain and by_value:
        return "by value", [f"called: {by_value}"]
    Path(order.FILE).unlink()
    if set(sent["errors"]) & set(_refusals(written["errors"])):  # the loader stops at the first error of all files
        written["errors"] = sent["errors"]
    different = [what for what in sent if what != "rows" and sent[what] != written[what]]
    found = [f"{what}: {sent[what]!r} in records, {written[what]!r} in batches" for what in different]
    rows = [
        [{name: _text(kinds.get(name, ""), value) for name, value in row.items()} for row in result["rows"]]
        for result in (sent, written)
    ]
    if len(case.files) > 1:  # the files are read at the same time
        rows = [sorted(each, key=lambda row: sorted(row.items())) for each in rows]
    for number, (record, batch) in enumerate(zip(*rows, strict=False)):
        if record != batch:
            found.append(f"row {number}: {record} in records, {batch} in batches")
    return f"failed: {sent['errors'][0]}" if sent["errors"] else sent["count"], found[:5]


def _noted(function: Any) -> Any:
    """Return the function with a wrapper that notes each call in `by_value`."""

    @functools.wraps(function)
    def noted(*arguments: Any, **more: Any) -> Any:
        by_value.append(function.__qualname__)
        return function(*arguments, **more)

    return noted


def _inferred_by_values(case: Case) -> list[str]:
    by_columns = {parser: parser.infer_schema for parser in BY_VALUES}
    for parser, infer in BY_VALUES.items():
        parser.infer_schema = infer
    try:
        return case.inferred()
    finally:
        for parser, infer in by_columns.items():
            parser.infer_schema = infer


def _sent(lines: list[bytes], error: Any, formatter: RowFormatter) -> dict[str, Any]:
    """Return the rows that the loader makes of records; no rows if the sync fails."""
    rows, state, warned = [], None, 0
    for line in lines:
        try:
            message = orjson.loads(line)
        except orjson.JSONDecodeError:
            message = parse_message(line)
        if message["type"] == "RECORD":
            try:
                rows.append(_shown(orjson.loads(formatter.line(message["record"], line))))
            except SyncError as refused:
                return {"errors": [str(refused)], "rows": []}
        elif message["type"] == "STATE":
            state = message["state"]["stream"]
        elif message["type"] == "LOG" and UNCAST in message["log"]["message"]:
            warned += message["log"]["message"].count(",expected_type=")
    if errors := _errors(lines, error):
        return {"errors": errors, "rows": []}
    count = len(rows)
    return {"errors": [], "rows": rows, "count": count, "state": state, "misfits": formatter.misfits, "warned": warned}


def _written(lines: list[bytes], error: Any, json: set[str]) -> dict[str, Any]:
    """Return the rows that the loader makes of the reports of batches."""
    rows: list[dict[str, Any]] = []
    state, warned, count, misfits = None, 0, 0, Counter[str]()
    for line in lines:
        message = orjson.loads(line)
        if message["type"] == "RECORD":
            report = order.Report.load(message["record"]["data"]["key"])
            count += report.rows
            misfits.update(report.misfits)
            for file in report.files:
                found = _rows_of(Path(file.name), json)
                assert len(found) == file.rows, (len(found), file)
                rows += found
        elif message["type"] == "STATE":
            state = message["state"]["stream"]
        elif message["type"] == "LOG" and UNCAST in message["log"]["message"]:
            match = re.search(r": (\d+) values of ", message["log"]["message"])
            warned += int(match[1]) if match else message["log"]["message"].count(",expected_type=")
    ids = [row.pop("_airbyte_raw_id") for row in rows]
    assert ids == sorted(set(ids)), "the raw ids do not grow"
    if errors := _refused(lines) or _errors(lines, error):
        return {"errors": errors, "rows": []}
    rows = list(map(_shown, rows))
    return {"errors": [], "rows": rows, "count": count, "state": state, "misfits": dict(misfits), "warned": warned}


def _refused(lines: list[bytes]) -> list[str]:
    """Return the messages about values that the loader refuses. In batches, the connector writes these messages."""
    errors = [
        orjson.loads(line)["trace"]["error"]["message"] for line in lines if b'"TRACE"' in line and b'"ERROR"' in line
    ]
    return _refusals(errors)


def _refusals(errors: list[str]) -> list[str]:
    return [text for text in errors if text.startswith("A value of the column")]


def _errors(lines: list[bytes], error: Any) -> list[str]:
    """Return the last line of each stack trace, and the exception that ends the read."""
    found = [str(error)] if error else []
    for line in lines:
        message = orjson.loads(line) if b'"ERROR"' in line else {}
        if message.get("type") == "LOG" and message["log"]["level"] == "ERROR":
            trace = message["log"].get("stack_trace") or message["log"]["message"]
            found.append([text for text in trace.splitlines() if text and not text.startswith(" ")][-1])
    return sorted(found)


def _rows_of(path: Path, json: set[str]) -> list[dict[str, Any]]:
    """Return the rows of a batch file. `json`: columns whose texts are JSON in a Parquet file."""
    if path.suffix == ".jsonl":
        return list(map(orjson.loads, path.read_bytes().splitlines()))
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    for row in rows:
        row |= {name: orjson.loads(row[name]) for name in json & row.keys() if row[name] is not None}
    return rows


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    hidden = ("_airbyte_raw_id", "_airbyte_extracted_at")
    return {name: value for name, value in row.items() if value is not None and name not in hidden}


def _text(kind: str, value: Any) -> str:
    """Return a text for a value: the same text for each spelling of the value in JSON and in Parquet."""
    match kind:
        case "NUMERIC":
            return str(Fraction(str(value)))
        case "FLOAT64":  # 0 in JSON is 0.0 in the column
            return repr(float(value))
        case "DATE":
            return str(value)
        case "DATETIME" | "TIMESTAMP":
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            return str(moment.astimezone(UTC) if moment.tzinfo else moment)
        case "TIME":
            return str(time.fromisoformat(value) if isinstance(value, str) else value)
        case "JSON":
            return orjson.dumps(value).decode()
    return repr(value)


def main() -> None:
    """Answer the cases on standard input."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    CsvParser.infer_schema = _noted(CsvParser.infer_schema)
    hooks.install()
    for module, name in ((csv_files.Casts, "row"), (jsonl_files, "_one_on_each_line")):
        setattr(module, name, _noted(getattr(module, name)))
    for line in sys.stdin:
        try:
            answer = compare(Case(json.loads(line)))
        except Exception:
            answer = "broken", [traceback.format_exc()]
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
