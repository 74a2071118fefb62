"""Read sessions of the Storage Read API: which rows of a table, in which format.

local-bigquery has this API too (`local_bigquery.grpc`), but it ignores `snapshot_time` and unknown fields, reads the
streams of a session at different moments, and sends its own names and types for RANGE, BIGNUMERIC and INTERVAL.
"""

import datetime
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.cloud.bigquery_storage_v1 import types
from local_bigquery.catalog import names, tables
from local_bigquery.engine import database
from local_bigquery.engine import types as engine_types
from local_bigquery.errors import BigQueryError, not_found
from local_bigquery.grpc import read
from local_bigquery.models import TableFieldSchema
from local_bigquery.sql import translate as dialect

from warehouse.read_api import arrow

BATCH_ROWS = 8192  # rows of one message, which must stay below the 128 MiB that Google's clients accept
LIFETIME_S = 6 * 3600
SCHEMAS = {"arrow": types.ArrowSchema, "avro": types.AvroSchema}


@dataclass(frozen=True)
class Stream:
    """The one stream of a session."""

    query: str
    fields: list[TableFieldSchema]
    avro: str | None  # the Avro schema; None is Arrow
    rows: int
    expires: float


_streams: dict[str, Stream] = {}


def create(request: types.CreateReadSessionRequest) -> types.ReadSession:
    """Create a session with one stream: all rows of a stream are read by one query, so they are of one moment.

    A server may return fewer streams than `max_stream_count`. Raises BigQueryError for what cannot be answered.
    """
    session = request.read_session
    avro_wanted = session.data_format == types.DataFormat.AVRO
    query, fields = _query(session, avro_wanted)
    [(rows,)] = database.fetch(f"SELECT count(*) FROM ({query})")  # noqa: S608
    avro = _avro_schema(fields) if avro_wanted else None
    project = read.table(session.table)[0]
    name = f"projects/{project}/locations/us/sessions/{uuid.uuid4().hex}"
    now = time.time()
    for expired in [name for name, stream in _streams.items() if stream.expires < now]:
        del _streams[expired]
    stream = Stream(query, fields, avro, rows, now + LIFETIME_S)
    _streams[f"{name}/streams/0"] = stream
    size = tables.logical_bytes(rows, len(fields))
    return types.ReadSession(
        name=name,
        expire_time=datetime.datetime.fromtimestamp(stream.expires, datetime.UTC),
        table=session.table,
        data_format=types.DataFormat.AVRO if avro else types.DataFormat.ARROW,
        read_options=session.read_options,
        estimated_row_count=rows,
        estimated_total_bytes_scanned=size,
        estimated_total_physical_file_size=size,
        streams=[types.ReadStream(name=f"{name}/streams/0")] if rows else [],
        **_schema(stream),
    )


def rows(request: types.ReadRowsRequest) -> Iterator[types.ReadRowsResponse]:
    """Yield the rows of a stream from `offset` on. Raises BigQueryError for an unknown stream or offset."""
    stream = _stream(request.read_stream)
    if request.offset > stream.rows:
        raise BigQueryError("invalid", f"offset {request.offset} is beyond the {stream.rows} rows of the stream")
    schema = _schema(stream)
    position = request.offset
    with database.cursor() as cursor:
        relation = cursor.sql(f"SELECT * FROM ({stream.query}) OFFSET {request.offset}")  # noqa: S608
        for batch in relation.to_arrow_reader(BATCH_ROWS):
            data: dict[str, Any]
            if stream.avro:
                data = {"avro_rows": read._avro_rows(stream, batch)}
            else:
                serialized = arrow.batch(batch, stream.fields).serialize().to_pybytes()
                data = {"arrow_record_batch": types.ArrowRecordBatch(serialized_record_batch=serialized)}
            progress = types.StreamStats.Progress(
                at_response_start=position / max(stream.rows, 1),
                at_response_end=min((position + batch.num_rows) / max(stream.rows, 1), 1),
            )
            position += batch.num_rows
            yield types.ReadRowsResponse(
                row_count=batch.num_rows, stats=types.StreamStats(progress=progress), **data, **schema
            )


def split(request: types.SplitReadStreamRequest) -> types.SplitReadStreamResponse:
    """Return no streams, which means that the stream cannot be split."""
    _stream(request.name)
    return types.SplitReadStreamResponse()


def _stream(name: str) -> Stream:
    stream = _streams.get(name)
    if stream is None:
        raise not_found("Stream", name)
    return stream


def _query(session: types.ReadSession, avro: bool) -> tuple[str, list[TableFieldSchema]]:
    """Return DuckDB's query for the rows of a session, and the fields."""
    if session.table_modifiers.snapshot_time:
        raise BigQueryError("invalid", "snapshot_time: the emulator has no time travel; read the current table")
    table = read.table(session.table)
    resource = tables.load(*table)
    if resource.type == "VIEW":
        raise BigQueryError("invalid", f"{names.label(*table)} is a view: the Storage Read API reads only tables")
    fields = _selected(tables.fields(resource), list(session.read_options.selected_fields), names.label(*table))
    sql = f"SELECT * FROM `{'.'.join(table)}`"  # noqa: S608
    if restriction := session.read_options.row_restriction:
        sql += f" WHERE {restriction}"
    statements = dialect.parse(sql)
    if len(statements) != 1:
        raise BigQueryError("invalid", "row_restriction must be one condition")
    source, _ = dialect.translate(statements[0], dialect.Context(table[0], table[1]))
    with database.cursor() as cursor:
        relation = cursor.sql(f"SELECT * FROM ({source}) LIMIT 0")  # noqa: S608
        kinds = dict(zip(relation.columns, relation.types, strict=True))
    encoded = read.ENCODED[types.DataFormat.AVRO] if avro else ("GEOGRAPHY",)
    columns = ", ".join(_column(field, kinds[field.name], encoded) for field in fields)
    return f"SELECT {columns} FROM ({source})", fields  # noqa: S608


def _selected(fields: list[TableFieldSchema], wanted: list[str], label: str) -> list[TableFieldSchema]:
    """Return the wanted fields in the order of the table. Raises BigQueryError for a field that is not there."""
    paths = [name.casefold().split(".") for name in wanted]
    for path, name in zip(paths, wanted, strict=True):
        inside = fields
        for part in path:
            found = next((field for field in inside if (field.name or "").casefold() == part), None)
            if found is None:
                raise BigQueryError("invalid", f"The selected field {name} does not exist in the table {label}")
            inside = found.fields or []
    return tables._select(fields, paths) if wanted else fields


def _column(field: TableFieldSchema, kind: Any, encoded: tuple[str, ...]) -> str:
    name = database.quote(field.name or "")
    expression = engine_types.encode(name, kind) if field.type in encoded else name
    return f"{expression} AS {name}"


def _avro_schema(fields: list[TableFieldSchema]) -> str:
    return json.dumps({"type": "record", "name": "__root__", "fields": [read._avro_field(field) for field in fields]})


def _schema(stream: Stream) -> dict[str, Any]:
    """Return the schema as the argument of a ReadSession or a ReadRowsResponse."""
    if stream.avro:
        return {"avro_schema": types.AvroSchema(schema=stream.avro)}
    serialized = arrow.schema(stream.fields).serialize().to_pybytes()
    return {"arrow_schema": types.ArrowSchema(serialized_schema=serialized)}
