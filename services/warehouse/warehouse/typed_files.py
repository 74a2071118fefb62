"""Loads Parquet, Avro and ORC files, whose values have types."""

from typing import Any

import duckdb
import pyarrow as pa
from local_bigquery.catalog import names
from local_bigquery.engine import types
from local_bigquery.engine.database import quote
from local_bigquery.errors import DUCKDB_PREFIX, BigQueryError
from local_bigquery.jobs import load as upstream
from local_bigquery.jobs.storage import literal
from local_bigquery.models import Table, TableFieldSchema

from warehouse import table_writes
from warehouse.schemas import standard_type
from warehouse.values import kind

COMPATIBLE = {
    "INTEGER": {"NUMERIC", "BIGNUMERIC", "FLOAT"},
    "NUMERIC": {"BIGNUMERIC"},
    "STRING": {"JSON", "GEOGRAPHY", "BYTES"},
    "DATETIME": {"TIMESTAMP"},  # a time that is not adjusted to UTC
    "TIMESTAMP": {"DATETIME"},
    "BYTES": {"GEOGRAPHY"},
}


def load(cursor: Any, config: Any, reference: tuple[str, str, str], files: dict[str, str | None]) -> int:
    """Load the files; return the number of rows. Raises BigQueryError."""
    fields = (config.schema_ and config.schema_.fields) or []
    try:
        source = _source(cursor, config, files)
        relation = cursor.sql(f"SELECT * FROM {source}")  # noqa: S608 quoted names
        sql, declared = _selected(
            cursor, config, source, dict(zip(relation.columns, relation.types, strict=True)), fields
        )
        prefix = f"Provided Schema does not match Table {names.label(*reference)}. "
        disposition = config.writeDisposition or "WRITE_APPEND"
        table = Table(schema={"fields": [field.dump() for field in declared]})
        write = table_writes.Write(cursor, sql, None, reference, config, disposition, table, prefix)
        return table_writes.store(write).rows
    except duckdb.ConstraintException as error:
        raise table_writes.words(error) from error
    except (duckdb.Error, pa.ArrowException, ValueError) as error:
        message = DUCKDB_PREFIX.sub("", str(error).split("\n")[0])
        for path, uri in files.items():
            message = message.replace(path, uri or "the uploaded file")
        raise BigQueryError("invalid", f"Error while reading data, error message: {message}") from error


def _source(cursor: Any, config: Any, files: dict[str, str | None]) -> str:
    listed = f"[{', '.join(map(literal, files))}]"
    if config.sourceFormat == "PARQUET":
        return f"read_parquet({listed})"
    source: str = upstream._reader(cursor, listed, config, [])
    return source


def _selected(
    cursor: Any, config: Any, source: str, columns: dict[str, Any], fields: list[TableFieldSchema]
) -> tuple[str, list[TableFieldSchema]]:
    """Return a SELECT of the table's columns, and its fields."""
    by_name = {name.casefold(): name for name in columns}
    inference = config.parquetOptions and config.parquetOptions.enableListInference
    if config.sourceFormat == "PARQUET" and not inference:
        for name, each in columns.items():
            if _has_list(each):
                raise BigQueryError(
                    "invalid",
                    f"Column {name} of the Parquet file is a LIST. BigQuery loads it as a RECORD of a RECORD when "
                    "parquetOptions.enableListInference is not set; the emulator does not. Set enable_list_inference.",
                )
    if not fields:
        instants = _instants(cursor, config, source)
        found = [_detected(name, each, config, name in instants) for name, each in columns.items()]
        pairs = zip(found, columns, strict=True)
        return f"SELECT {', '.join(f'{_cast(name, f)} AS {quote(f.name)}' for f, name in pairs)} FROM {source}", found  # noqa: S608
    known = {field.name.casefold() for field in fields}
    for name in columns:
        if name.casefold() not in known and not config.ignoreUnknownValues:
            raise BigQueryError("invalid", f"Error while reading data, error message: No such field: {name}.")
    selected = []
    for field in fields:
        found_name = by_name.get(field.name.casefold())
        if found_name is None:
            selected.append(f"CAST(NULL AS {types.duckdb_type(field)}) AS {quote(field.name)}")
            continue
        _check(cursor, source, found_name, columns[found_name], field)
        selected.append(f"{_cast(found_name, field)} AS {quote(field.name)}")
    return f"SELECT {', '.join(selected)} FROM {source}", fields  # noqa: S608 quoted names


def _cast(name: str, field: TableFieldSchema) -> str:
    return f"CAST({quote(name)} AS {types.duckdb_type(field)})"


def _has_list(each: Any) -> bool:
    if each.id in ("list", "array"):
        return True
    return each.id == "struct" and any(_has_list(child) for _, child in each.children)


def _instants(cursor: Any, config: Any, source: str) -> set[str]:
    """Return the columns of Parquet files whose old annotation, TIMESTAMP_MILLIS or TIMESTAMP_MICROS, says TIMESTAMP.

    BigQuery reads this annotation; pyarrow and Spark also write it for times without a zone.
    """
    if config.sourceFormat != "PARQUET":
        return set()
    columns = source.replace("read_parquet(", "parquet_schema(")
    rows = cursor.execute(f"SELECT name FROM {columns} WHERE starts_with(converted_type, 'TIMESTAMP_')")  # noqa: S608
    return {name for (name,) in rows.fetchall()}


def _detected(name: str, each: Any, config: Any, instant: bool) -> TableFieldSchema:
    field: TableFieldSchema = types.field(name, each)
    if instant and field.type == "DATETIME":
        return field.replace(type="TIMESTAMP")
    if each.id == "decimal" and config.decimalTargetTypes:
        precision, scale = (value for _, value in each.children)
        fits = scale <= 9 and precision - scale <= 29
        wanted = [kind for kind in ("NUMERIC", "BIGNUMERIC", "STRING") if kind in config.decimalTargetTypes]
        return field.replace(type="NUMERIC" if "NUMERIC" in wanted and fits else (wanted[1:] or wanted)[0])
    return field


def _check(cursor: Any, source: str, name: str, each: Any, field: TableFieldSchema) -> None:
    """Raise BigQueryError when a column of the file has another type than the field."""
    given = types.field(name, each)
    same = kind(given) == kind(field) and (given.mode == "REPEATED") == (field.mode == "REPEATED")
    if same or (
        given.mode != "REPEATED" and kind(field) in COMPATIBLE.get(kind(given), ()) and field.mode != "REPEATED"
    ):
        return
    (values,) = cursor.execute(f"SELECT count({quote(name)}) FROM {source}").fetchone()  # noqa: S608 quoted names
    if values:
        raise BigQueryError(
            "invalid",
            f"Error while reading data, error message: column '{name}' of the file has type {standard_type(given)}, "
            f"which does not match the type {standard_type(field)} of the field",
        )
