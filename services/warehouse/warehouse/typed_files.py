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
        found = [_detected(name, each, config, instants) for name, each in columns.items()]
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


def _instants(cursor: Any, config: Any, source: str) -> set[tuple[str, ...]]:
    """Return the paths of Parquet columns whose old annotation, TIMESTAMP_MILLIS or TIMESTAMP_MICROS, says TIMESTAMP.

    BigQuery reads this annotation; pyarrow and Spark also write it for times without a zone. A path has the names of
    the table's fields, without those of the groups that a LIST has in the file.
    """
    if config.sourceFormat != "PARQUET":
        return set()
    columns = source.replace("read_parquet(", "parquet_schema(")
    nodes = cursor.execute(f"SELECT name, num_children, converted_type FROM {columns}").fetchall()  # noqa: S608
    found: set[tuple[str, ...]] = set()
    remaining = iter(nodes)

    def walk(path: tuple[str, ...], hidden: int) -> None:
        """Read a node and all below it; `hidden` is how many levels of it are groups of a LIST."""
        name, children, annotation = next(remaining)
        path = path if hidden else (*path, name)
        if str(annotation).startswith("TIMESTAMP_"):
            found.add(path)
        below = 2 if annotation == "LIST" else 1 if hidden == 2 and children == 1 else 0
        for _ in range(children or 0):
            walk(path, below)

    for _, children, _ in remaining:  # the root of each file
        for _ in range(children or 0):
            walk((), 0)
    return found


def _detected(name: str, each: Any, config: Any, instants: set[tuple[str, ...]]) -> TableFieldSchema:
    field = _with_instants(types.field(name, each), (name,), instants)
    if each.id == "decimal" and config.decimalTargetTypes:
        precision, scale = (value for _, value in each.children)
        fits = scale <= 9 and precision - scale <= 29
        wanted = [kind for kind in ("NUMERIC", "BIGNUMERIC", "STRING") if kind in config.decimalTargetTypes]
        return field.replace(type="NUMERIC" if "NUMERIC" in wanted and fits else (wanted[1:] or wanted)[0])
    return field


def _with_instants(field: TableFieldSchema, path: tuple[str, ...], instants: set[tuple[str, ...]]) -> TableFieldSchema:
    """Return the field, and those in it, with the type TIMESTAMP where a path of `instants` says so."""
    if field.type == "DATETIME" and path in instants:
        return field.replace(type="TIMESTAMP")
    if not field.fields:
        return field
    return field.replace(fields=[_with_instants(each, (*path, each.name), instants) for each in field.fields])


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
