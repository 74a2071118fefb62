"""Bridges for insertAll."""

import threading
import time
from typing import Any

import pyarrow as pa
import pydantic
from fastapi import APIRouter, Depends, Request
from local_bigquery.api.tables import insert_all as answer
from local_bigquery.app import valid_project
from local_bigquery.catalog import names, tabledata, tables
from local_bigquery.engine import database, types
from local_bigquery.engine.database import quote
from local_bigquery.errors import invalid_payload, not_found
from local_bigquery.models import TableDataInsertAllRequest, TableDataInsertAllResponse, TableFieldSchema
from starlette.concurrency import run_in_threadpool

from warehouse import schemas, values
from warehouse.careful_loads import arrow_type
from warehouse.checks import written
from warehouse.values import Misfit, kind

Fields = list[TableFieldSchema]
Accepted = tuple[int, str | None, dict[str, Any]]  # position in the request, insertId, values
_recent_lock = threading.Lock()
router = APIRouter()


@router.post(
    "/bigquery/v2/projects/{project_id}/datasets/{dataset_id}/tables/{table_id}/insertAll",
    dependencies=[Depends(valid_project)],
    response_model_exclude_unset=True,
    include_in_schema=False,
)
async def receive(project_id: str, dataset_id: str, table_id: str, request: Request) -> TableDataInsertAllResponse:
    """Insert rows with all digits of their numbers: local-bigquery reads the numbers of a request as doubles."""
    try:
        body = TableDataInsertAllRequest.model_validate(values.parse_body(await request.body()))
    except pydantic.ValidationError as error:
        raise invalid_payload(error.errors()[0]) from error
    except ValueError as error:
        raise invalid_payload({"type": "json_invalid", "loc": [], "msg": f"JSON decode error: {error}"}) from error
    response: TableDataInsertAllResponse = await run_in_threadpool(answer, project_id, dataset_id, table_id, body)
    return response


def exact_values() -> None:
    """Convert the values of insertAll as BigQuery does, nested ones too, and refuse the others with their place.

    local-bigquery stores the base64 text of BYTES in a STRUCT or ARRAY, rounds `1.5` for an INTEGER column, looks for
    nested fields only in the same upper and lower case, and does not apply defaults.
    """
    tabledata.insert_all = insert_all


def insert_all(project_id: str, dataset_id: str, table_id: str, body: Any) -> dict[str, Any]:
    """Insert the rows of a request; return its errors by row."""
    if body.templateSuffix:
        table_id = tabledata._template(project_id, dataset_id, table_id, body.templateSuffix)
    if not tables._lookup(project_id, dataset_id, table_id):
        raise not_found("Table", names.label(project_id, dataset_id, table_id))
    fields = schemas.stored(project_id, dataset_id, table_id)
    errors: list[dict[str, Any]] = []
    accepted: list[Accepted] = []
    for index, row in enumerate(body.rows or []):
        given = row.json_.model_dump() if row.json_ else {}
        try:
            accepted.append((index, row.insertId, _converted(given, fields, bool(body.ignoreUnknownValues))))
        except Misfit as misfit:
            errors.append({"index": index, "errors": [tabledata._problem(misfit.path, _words(misfit))]})
    if errors and not body.skipInvalidRows:
        stopped = {"reason": "stopped", "location": "", "message": ""}
        errors += [{"index": index, "errors": [stopped]} for index, _, _ in accepted]
    else:
        table = tables.name(project_id, dataset_id, table_id)
        with database.writing(project_id, dataset_id, table_id), database.cursor() as cursor:
            rows, ids = _new(table, accepted)
            if rows:
                _insert(cursor, table, fields, rows)
            with _recent_lock:
                tabledata._recent.update(dict.fromkeys(ids, time.monotonic()))
    return {"insertErrors": sorted(errors, key=lambda each: each["index"])} if errors else {}


def _new(table: str, accepted: list[Accepted]) -> tuple[list[dict[str, Any]], set[tuple[str, str]]]:
    """Return the rows whose insertId is not stored yet, and these insertIds with the table's name.

    local-bigquery notes an insertId before its row is stored. When the insert failed, it ignored the repeated row and
    reported success.
    """
    oldest = time.monotonic() - tabledata.DEDUP_SECONDS
    with _recent_lock:
        for key in [key for key, stored in tabledata._recent.items() if stored < oldest]:
            del tabledata._recent[key]
        rows: list[dict[str, Any]] = []
        ids: set[tuple[str, str]] = set()
        for _, insert_id, row in accepted:
            if insert_id is not None:
                if (table, insert_id) in tabledata._recent or (table, insert_id) in ids:
                    continue
                ids.add((table, insert_id))
            rows.append(row)
    return rows, ids


def _converted(row: dict[str, Any], fields: Fields, unknown: bool) -> dict[str, Any]:
    """Convert a row. A JSON column takes the text of a JSON value, as BigQuery's insertAll does. Raises Misfit."""
    texts = {field.name.casefold(): field for field in fields if kind(field) == "JSON" and field.mode != "REPEATED"}
    prepared = {}
    for key, value in row.items():
        if key.casefold() in texts and isinstance(value, str):
            value = values.parse_line(values.json_text(value, key))
        prepared[key] = value
    with_defaults = [field.replace(mode="NULLABLE") if _has_default(field, row) else field for field in fields]
    return values.record(prepared, with_defaults, unknown)


def _words(misfit: Misfit) -> str:
    """Return the message of a refused value as insertAll words it, which differs from a load job."""
    if misfit.message.startswith("Only optional fields"):
        return f"Missing required field: {misfit.path}."
    return misfit.message.replace("No such field", "no such field")


def _has_default(field: TableFieldSchema, row: dict[str, Any]) -> bool:
    return bool(field.defaultValueExpression) and field.name.casefold() not in {key.casefold() for key in row}


def _insert(cursor: Any, table: str, fields: Fields, rows: list[dict[str, Any]]) -> None:
    """Insert converted rows; a column that a row does not have gets its default."""
    defaults = [field for field in fields if field.defaultValueExpression]
    named = {name for row in rows for name in row}
    used = [field for field in fields if field.name in named]
    if not used:
        used = fields[:1]
    given = {field.name: f"given {field.name}" for field in used if field in defaults}
    schema = pa.schema(
        [(field.name, arrow_type(field)) for field in used] + [(name, pa.bool_()) for name in given.values()]
    )
    flagged = [row | {flag: name in row for name, flag in given.items()} for row in rows]
    cursor.register("_insert_rows", pa.Table.from_pylist(flagged, schema))
    selected = []
    for field in used:
        value = f"CAST({quote(field.name)} AS {types.duckdb_type(field)})"
        if field.name in given:
            value = f"CASE WHEN {quote(given[field.name])} THEN {value} ELSE {schemas.default(field)} END"
        selected.append(f"{value} AS {quote(field.name)}")
    checks = ", ".join(written(quote(field.name), field) for field in used)
    columns = ", ".join(quote(field.name) for field in used)
    try:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) "  # noqa: S608 quoted names
            f"SELECT {checks} FROM (SELECT {', '.join(selected)} FROM _insert_rows) AS typed"
        )
    finally:
        cursor.unregister("_insert_rows")
