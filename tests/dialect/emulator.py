"""Asks the emulator for the answers that GoogleSQL gives, in the same canonical form (see oracle/values.py)."""

import base64
import datetime
import decimal
import json
from dataclasses import dataclass
from typing import Any

import httpx

from tests.dialect.floats import float_text

NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
decimal.getcontext().prec = 100


@dataclass(frozen=True)
class Answer:
    """What a statement returned: the types and rows, or the words of an error."""

    types: list[str]
    rows: list[list[Any]]
    names: list[str]
    error: str | None = None


class Emulator:
    """Runs queries over the emulator's REST API."""

    def __init__(self, url: str, project: str = "local-dev") -> None:
        self._http = httpx.Client(base_url=f"{url}/bigquery/v2/projects/{project}", timeout=120)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def ask(self, sql: str) -> Answer:
        """Run a query and return its first 10,000 rows, or its error."""
        body = {"query": sql, "useLegacySql": False, "formatOptions": {"useInt64Timestamp": True}, "timeoutMs": 100_000}
        response = self._http.post("/queries", json=body)
        content = response.json()
        if response.status_code != 200:
            return Answer([], [], [], error=f"{response.status_code} {content['error']['message']}")
        fields = content.get("schema", {}).get("fields", [])
        rows = [
            [_value(cell["v"], field) for cell, field in zip(row["f"], fields, strict=True)]
            for row in content.get("rows", [])
        ]
        return Answer([_type(field) for field in fields], rows, [field["name"] for field in fields])


def _type(field: dict[str, Any], element: bool = False) -> str:
    if field["mode"] == "REPEATED" and not element:
        return f"ARRAY<{_type(field, element=True)}>"
    name = NAMES.get(field["type"], field["type"])
    if name == "RANGE":
        return f"RANGE<{field['rangeElementType']['type']}>"
    if name == "STRUCT":
        return f"STRUCT<{', '.join(f'{_name(child)} {_type(child)}'.strip() for child in field['fields'])}>"
    return str(name)


def _name(field: dict[str, Any]) -> str:
    return "" if field["name"].startswith("_field_") else str(field["name"])


def _value(value: Any, field: dict[str, Any], element: bool = False) -> Any:
    if value is None:
        return None
    if field["mode"] == "REPEATED" and not element:
        return [_value(item["v"], field, element=True) for item in value]
    kind = NAMES.get(field["type"], field["type"])
    if kind == "STRUCT":
        return [_value(cell["v"], child) for cell, child in zip(value["f"], field["fields"], strict=True)]
    if kind == "RANGE":
        ends = value.strip("[)").split(", ")
        inner = {"mode": "NULLABLE", "type": field["rangeElementType"]["type"]}
        return [None if end == "UNBOUNDED" else _value(end, inner) for end in ends]
    try:
        return scalar(value, kind)
    except (ValueError, OverflowError, decimal.InvalidOperation) as error:
        return f"not a {kind}: {value!r} ({error})"


def scalar(value: str, kind: str) -> Any:
    """Return the canonical form of a value of BigQuery's REST API that has no parts."""
    match kind:
        case "INT64":
            return int(value)
        case "BOOL":
            return value == "true"
        case "FLOAT64":
            return float_text(float(value))
        case "NUMERIC" | "BIGNUMERIC":
            text = f"{decimal.Decimal(value):f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case "BYTES":
            return base64.b64decode(value).hex()
        case "TIMESTAMP":
            return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=int(value))).isoformat()
        case "JSON":
            return json.dumps(json.loads(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        case "TIME":
            return datetime.time.fromisoformat(value).isoformat()
        case "DATETIME":
            return datetime.datetime.fromisoformat(value).isoformat()
    return value
