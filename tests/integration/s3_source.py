"""The S3 connector: reads of many streams at once, and what their files and formats may be."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow
import pyarrow.parquet

from airbyte_lite.connectors.protocol import ConnectorError, abandoned_file_of, error_of, parse_message
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner
from tests.data_files import parquet

from .syncs import s3_configuration

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
Put = Callable[[str, str | bytes], None]


def numbers(*names: str) -> bytes:
    """Return a Parquet file with one row and these columns."""
    return parquet(pyarrow.table([[number] for number in range(len(names))], names=list(names)))


def read_all(runner: ConnectorRunner, connector: Connector, configuration: dict[str, Any]) -> dict[str, list[Any]]:
    """Read all streams that the connector offers; return their records, without the columns about the files."""
    offered = runner.discover(connector, configuration)
    catalog = [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"} for stream in offered]
    records: dict[str, list[Any]] = {}
    with runner.read(connector, configuration, {"streams": catalog}, []) as read:
        for line in read:
            message = parse_message(line)
            if message and message["type"] == "RECORD":
                record = message["record"]
                data = {name: value for name, value in record["data"].items() if not name.startswith("_ab_")}
                records.setdefault(record["stream"], []).append(data)
    assert read.exit_code == 0
    return records


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
