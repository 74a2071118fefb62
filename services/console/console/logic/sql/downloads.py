"""A result as a file: CSV, JSON lines or Parquet, made page by page while it is sent."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from console.logic.sql import results
from console.logic.sql.results import Source
from platform_kit.bigquery_results import NUMBERS, RECORDS, scalar, text_of

if TYPE_CHECKING:
    from google.cloud import bigquery

type Rows = Iterator[list[tuple[Any, ...]]]
type Schema = Sequence[bigquery.SchemaField]

MEDIA = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson", "parquet": "application/octet-stream"}
"""The formats, by the ending of the file's name."""


def file(client: bigquery.Client, source: Source, ending: str, limit: int) -> Iterator[bytes]:
    """Yield the file with this ending; each part is one page of rows. Rows from `limit` on are left out."""
    if ending == "parquet":
        return parquet(client, source, limit)
    rows = results.pages(client, source, limit)
    return csv_lines(source.schema, rows) if ending == "csv" else json_lines(source.schema, rows)


def csv_lines(schema: Schema, rows: Rows) -> Iterator[bytes]:
    """Yield a CSV file. NULL is an empty field and an empty text is `""`: they stay distinct."""
    yield _csv_line(_quoted(field.name) for field in schema)
    for page in rows:
        yield b"".join(_csv_line(_csv(each, field) for each, field in zip(row, schema, strict=True)) for row in page)


def json_lines(schema: Schema, rows: Rows) -> Iterator[bytes]:
    """Yield a JSON object for each row, as BigQuery exports it: INT64 and NUMERIC are strings, so no reader rounds."""
    for page in rows:
        lines = ({f.name: _json(value, f) for value, f in zip(row, schema, strict=True)} for row in page)
        yield "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode()


def parquet(client: bigquery.Client, source: Source, limit: int) -> Iterator[bytes]:
    """Yield a Parquet file. Values of JSON, INTERVAL, RANGE, GEOGRAPHY and BYTES (base64) are texts in it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    iterator = client.list_rows(
        source.readable,
        page_size=source.download_rows,
        max_results=min(limit, source.rows) or None,
    )
    sink = Sink()
    writer = None
    for batch in iterator.to_arrow_iterable():
        table = pa.Table.from_batches([batch])
        writer = writer or pq.ParquetWriter(sink, table.schema)
        writer.write_table(table)
        yield sink.taken()
    if writer is None:
        raise ValueError("The result has no rows, so it has no Parquet file.")
    writer.close()
    yield sink.taken()


class Sink(io.RawIOBase):
    """A write-only file whose content is taken away in pieces, for a writer that never seeks."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, part: Any) -> int:
        """Keep bytes until they are taken."""
        content = bytes(part)
        self._parts.append(content)
        self._length += len(content)
        return len(content)

    def tell(self) -> int:
        """Return the number of bytes that were ever written."""
        return self._length

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        content, self._parts = b"".join(self._parts), []
        return content


def _csv_line(fields: Iterator[str]) -> bytes:
    return (",".join(fields) + "\r\n").encode()


def _csv(value: Any, field: bigquery.SchemaField) -> str:
    if value is None:
        return ""
    text = text_of(value, field)
    return text if field.mode != "REPEATED" and field.field_type in NUMBERS else _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace('"', '""')
    return f'"{escaped}"'


def _json(value: Any, field: bigquery.SchemaField) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list):
        one = type(field)(field.name, field.field_type, fields=field.fields)
        return [_json(each, one) for each in value]
    if field.field_type in RECORDS:
        return {each.name: _json(value.get(each.name), each) for each in field.fields}
    if isinstance(value, float) and value - value == 0:  # NaN and infinity are no numbers of JSON
        return value
    return scalar(value)
