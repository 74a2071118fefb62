"""Says which streams are read in batches, and for the others why not. It is decided before the first row is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from airbyte_cdk.sources.file_based.config.file_based_stream_config import ValidationPolicy
from airbyte_cdk.sources.file_based.file_types.csv_parser import CsvParser
from airbyte_cdk.sources.file_based.file_types.jsonl_parser import JsonlParser
from airbyte_cdk.sources.file_based.file_types.parquet_parser import ParquetParser
from airbyte_cdk.sources.file_based.stream import DefaultFileBasedStream

from airbyte_lite.batches import csv_files, jsonl_files, parquet_files

BLOCKS: dict[type, Callable[..., Iterator[Any]]] = {
    CsvParser: csv_files.blocks,
    JsonlParser: jsonl_files.blocks,
    ParquetParser: parquet_files.blocks,
}
OWN = ("read_records_from_slice", "transform_record")
"""Functions of a stream that a connector must not have replaced."""


def reason_against(stream: Any) -> str | None:
    """Return why a stream cannot be read in batches, None if it can."""
    if stream.use_file_transfer:
        return "it copies files"
    if stream.config.schemaless:
        return "it is schemaless"
    if stream.config.validation_policy != ValidationPolicy.emit_record:
        return f"its validation policy is {stream.config.validation_policy.value!r}"
    if type(stream.get_parser()) not in BLOCKS:
        return f"files of the format {stream.config.format.filetype} are read record by record"
    if any(getattr(type(stream), name) is not getattr(DefaultFileBasedStream, name) for name in OWN):
        return "the connector changes the records"
    if stream.catalog_schema is None:
        return "it has no schema"
    try:
        types = {name: column["type"] for name, column in stream.catalog_schema["properties"].items()}
        CsvParser._pre_propcess_property_types(types)
    except (KeyError, ValueError):
        return "a column has no type, or several" if type(stream.get_parser()) is CsvParser else None
    return None
