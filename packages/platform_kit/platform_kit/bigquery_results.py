"""What a finished job of BigQuery has for its user: where its rows are, and each value as exact text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.cloud import bigquery

NUMBERS = {"INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC"}
AS_TEXT = {"JSON", "INTERVAL", "RANGE", "BYTES", "GEOGRAPHY"}
"""Types whose text on the wire is exact; the client would make Python objects of it that are not (JSON's numbers)."""
RECORDS = {"RECORD", "STRUCT"}
WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""FLOAT64's values that are no numbers of JSON."""


def selecting(client: bigquery.Client, job: Any) -> Any:
    """Return the job whose destination has the result: the job of a SELECT; of a script, that of its last SELECT.

    None if there is no result.
    """
    if job.statement_type == "SCRIPT":
        children = sorted(client.list_jobs(parent_job=job.job_id), key=lambda child: child.created, reverse=True)
        job = next((child for child in children if child.statement_type == "SELECT"), None)
    return job if job is not None and job.statement_type == "SELECT" and job.destination else None


def words(error: Any) -> str:
    """Return the message of BigQuery's first error, without the request that the client puts around it."""
    return str((error.errors or [{}])[0].get("message") or error.message)


def readable(schema: Sequence[bigquery.SchemaField]) -> list[bigquery.SchemaField]:
    """Return the schema with which the client leaves values of some types as the text that BigQuery sends."""
    from google.cloud import bigquery

    return [
        bigquery.SchemaField(
            field.name,
            "STRING" if field.field_type in AS_TEXT else field.field_type,
            field.mode,
            fields=readable(field.fields),
        )
        for field in schema
    ]


def text_of(value: Any, field: bigquery.SchemaField) -> str:
    """Return a value that is not NULL as text: a STRUCT and an ARRAY as JSON, everything else as BigQuery shows it."""
    if field.mode == "REPEATED" or field.field_type in RECORDS:
        return _json(value, field)
    return scalar(value)


def scalar(value: Any) -> str:
    """Return a value without parts as text. A TIMESTAMP is in UTC."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ") + (" UTC" if value.tzinfo else "")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return WORDS.get(str(value), str(value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _json(value: Any, field: bigquery.SchemaField) -> str:
    """Return a value as JSON. Numbers are written as they are, whatever their length; values of JSON stay JSON."""
    if value is None:
        return "null"
    if isinstance(value, list):
        item = _one(field)
        return f"[{', '.join(_json(each, item) for each in value)}]"
    if isinstance(value, Mapping):
        parts = (f"{_quoted(each.name)}: {_json(value.get(each.name), each)}" for each in field.fields)
        return f"{{{', '.join(parts)}}}"
    if field.field_type == "JSON":
        return str(value)
    text = scalar(value)
    is_plain = isinstance(value, bool) or (field.field_type in NUMBERS and text not in WORDS.values())
    return text if is_plain else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _one(field: bigquery.SchemaField) -> bigquery.SchemaField:
    from google.cloud import bigquery

    return bigquery.SchemaField(field.name, field.field_type, "NULLABLE", fields=field.fields)
