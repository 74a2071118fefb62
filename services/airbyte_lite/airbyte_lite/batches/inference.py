"""Infers the types of the columns of a file's first megabyte: column by column, where the connector does it by values.

The connector infers the types up to three times in a sync, from as many as ten files, also of those that have not
changed. The types are those that the connector finds with its repairs. For an unusual CSV file, its own function runs
and reads the file again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from airbyte_cdk.sources.file_based.config.csv_format import InferenceType
from airbyte_cdk.sources.file_based.file_types.csv_parser import CsvParser, _JsonTypeInferrer
from airbyte_cdk.sources.file_based.file_types.jsonl_parser import JsonlParser

from airbyte_lite.batches.columns import integers, plain_doubles
from airbyte_lite.batches.csv_files import Unfit, regular
from airbyte_lite.connectors.repairs.csv_rows import Rows
from airbyte_lite.connectors.repairs.files_types import of_both

SILENT = logging.Logger("inference", logging.CRITICAL + 1)
"""What is unusual is logged by the connector's own function."""


def install() -> None:
    """Replace the functions that infer the types of CSV and JSONL files."""
    of_csv = CsvParser.infer_schema

    async def infer_csv(self: Any, config: Any, file: Any, reader: Any, logger: logging.Logger) -> Any:
        """Infer the types of a CSV file."""
        found = None if config.get_input_schema() else _csv_types(self, config, file, reader)
        return await of_csv(self, config, file, reader, logger) if found is None else found

    async def infer_jsonl(self: Any, _config: Any, file: Any, reader: Any, logger: logging.Logger) -> Any:
        """Infer the types of a JSONL file: most objects have the types of those before them."""
        found: Mapping[str, Any] = {}
        for entry in self._parse_jsonl_entries(file, reader, logger, read_limit=True):
            types = self._infer_schema_for_record(entry)
            if any(found.get(name) != type_ for name, type_ in types.items()):
                found = of_both(found, types)
        return found

    CsvParser.infer_schema = infer_csv
    JsonlParser.infer_schema = infer_jsonl


def _csv_types(parser: CsvParser, config: Any, file: Any, reader: Any) -> dict[str, Any] | None:
    """Return the types of a CSV file, None if the connector has to infer them."""
    format_ = config.format
    values: dict[str, list[pa.Array]] = {}
    try:
        with reader.open_file(file, parser.file_read_mode, format_.encoding, SILENT) as text:
            for columns in _sample(Rows(text, file.uri, format_, SILENT), format_, parser):
                for name, texts in columns.items():
                    values.setdefault(name, []).append(texts.unique())
    except Exception:
        return None  # the connector's own function meets the same, and says it
    if not values:
        return None
    if format_.inference_type == InferenceType.NONE:
        return {name.strip(): {"type": "string"} for name in values}
    inferrer = _JsonTypeInferrer(format_.true_values, format_.false_values, format_.null_values)
    return {name.strip(): {"type": _type(inferrer, pa.concat_arrays(texts))} for name, texts in values.items()}


def _sample(rows: Rows, format_: Any, parser: CsvParser) -> Iterator[dict[str, pa.Array]]:
    """Yield the columns of the rows that the connector infers the types from. Raises an exception for unusual rows."""
    left = parser._MAX_BYTES_PER_FILE_FOR_SCHEMA_INFERENCE
    header = rows.header()
    if header is None:
        return
    for columns, count, _ in regular(rows, header, format_, header.names):
        lengths = [pc.utf8_length(texts).cast(pa.int64()) for texts in columns.values()]
        size = pa.repeat(pa.scalar(len(columns) - 1, pa.int64()), count)  # the delimiters
        for each in lengths:
            size = pc.add(size, each)
        read = pc.cumulative_sum(size)
        last = pc.index(pc.greater_equal(read, left), True).as_py()
        if last >= 0:
            yield {name: texts.slice(0, last + 1) for name, texts in columns.items()}
            return
        yield columns
        left -= read[-1].as_py()
    if next(rows.records(header), None) is not None:
        raise Unfit


def _type(inferrer: _JsonTypeInferrer, texts: pa.Array) -> str:
    """Return the type of a column, as the connector infers it from its values."""
    distinct = texts.unique()
    nulls = set(inferrer._null_values)
    booleans = {*inferrer._boolean_trues, *inferrer._boolean_falses}
    distinct = distinct.filter(pc.invert(pc.is_in(distinct, pa.array(sorted(nulls), pa.string()))))
    if not len(distinct):
        return "string"
    if pc.all(pc.is_in(distinct, pa.array(sorted(booleans), pa.string()))).as_py():
        return "boolean"
    if integers(distinct) is not None:
        return "integer"
    if pc.any(pc.match_substring(distinct, ".")).as_py() and plain_doubles(distinct) is not None:
        return "number"
    common = {"integer", "number"}
    for text in distinct:
        common &= inferrer._infer_type(text.as_py())
        if not common:
            return "string"
    return "integer" if "integer" in common else "number"
