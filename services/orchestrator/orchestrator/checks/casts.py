"""The check that the values fit the types of their columns, by Airbyte's own notes in `_airbyte_meta.changes`."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from orchestrator.checks.findings import Finding
from orchestrator.checks.table import META, URL, TableFacts
from orchestrator.reading.csv_file import bears
from orchestrator.reading.formats import CsvFormat
from orchestrator.warehouse import Warehouse
from platform_kit.names import identifier

NAME = "values_were_cast"
DESCRIPTION = """Every value fits the type of its column. Airbyte loads NULL for a value that does not, and notes it in
`_airbyte_meta.changes`.

All rows of the table count, not only those of the last sync: an error stays until the rows are right. The stream's
`checks: {uncast_values_allowed: 0.01}` tolerates a share of the rows.
"""
EXAMPLES = 3

type Rows = Callable[[str], Iterator[tuple[int, dict[str, str]]]]


def changes(warehouse: Warehouse, table: TableFacts) -> list[dict[str, object]]:
    """Return the changed values by field, change and reason, the most frequent first, each with one of its files."""
    url = f", min({URL}) as url" if URL in table.columns else ""
    return warehouse.query(
        "select json_value(noted, '$.field') as field, json_value(noted, '$.change') as change, "  # noqa: S608
        f"json_value(noted, '$.reason') as reason, count(*) as n{url} "
        f"from {table.scope}, unnest(json_query_array({META}, '$.changes')) as noted "
        "group by 1, 2, 3 order by n desc limit 20"
    )


def find(table: TableFacts, noted: list[dict[str, object]], file_format: CsvFormat | None, rows: Rows) -> list[Finding]:
    """Return one finding for each field and reason; the first have the file's value and line, if it is a CSV file."""
    found = []
    for position, item in enumerate(noted):
        field, file = str(item["field"]), str(item.get("url") or "")
        kind = table.columns.get(identifier(field).lower(), ("", ""))[1]
        line, value = 0, ""
        if position < EXAMPLES and file and file_format:
            line, value = _place(rows(file), field, kind, file_format)
        text = f"{item['n']} values do not fit the column's type {kind} and are NULL" if kind else f"{item['n']} values"
        text += f" ({item['change']}, {item['reason']})"
        text += f", the first is {value!r}" if line else ""
        found.append(
            Finding(
                text,
                "Correct the values in the file, or declare another type for the column in connections.yaml; then make "
                "apply and run again.",
                file,
                line,
                field,
            )
        )
    return found


def _place(
    rows: Iterator[tuple[int, dict[str, str]]], field: str, kind: str, file_format: CsvFormat
) -> tuple[int, str]:
    """Return line and text of the first value that does not fit, (0, "") if none is found."""
    for line, row in rows:
        for name, value in row.items():
            mine = bears(identifier(field).lower(), name) and value not in file_format.null_values
            if mine and not fits(value, kind, file_format):
                return line, value[:100]
    return 0, ""


def fits(text: str, kind: str, file_format: CsvFormat) -> bool:
    """Return whether a cell's text is a value of a BigQuery type."""
    test = TESTS.get(kind)
    if kind == "BOOLEAN":
        return text in file_format.true_values | file_format.false_values
    return test(text) if test else True


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"\s*[+-]?\d+\s*", text) is not None and -(2**63) <= int(text) < 2**63


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.match(pattern, text) is not None


def _is_number(text: str) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and abs(number) < Decimal(10) ** 29


TESTS: Mapping[str, Callable[[str], bool]] = {
    "INTEGER": _is_integer,
    "NUMERIC": _is_number,
    "BIGNUMERIC": _is_number,
    "FLOAT": _is_number,
    "DATE": _like(r"\d{4}-\d\d-\d\d$"),
    "TIMESTAMP": _like(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d"),
    "DATETIME": _like(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d"),
    "TIME": _like(r"\d\d:\d\d"),
}
