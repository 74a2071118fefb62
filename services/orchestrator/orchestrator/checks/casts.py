"""The check that the values are in the table as they are in the files.

Airbyte notes values that do not fit their column in `_airbyte_meta.changes`. It does not note what a text loses when it
is read as a number or a boolean; that is found in the files.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial

from connections_file import Stream
from orchestrator.checks.findings import DROP, Finding
from orchestrator.checks.table import META, URL, TableFacts
from orchestrator.reading.exact import WORDS
from orchestrator.reading.facts import Rows
from orchestrator.reading.formats import CsvFormat, FileFormat, ParquetFormat, StreamFiles
from orchestrator.reading.names import bears
from orchestrator.warehouse import Warehouse
from platform_kit.names import column_name

NAME = "values_were_cast"
DESCRIPTION = """Every value fits the type of its column, and no part of a value is lost.

An error: a value that does not fit and is NULL (noted in `_airbyte_meta.changes`); a text that a guessed type has
changed (`02134` is 2134, `no` is false, `1.10` beside `1.9` is 1.1); an underscore in a number (`1_234` is 1234); a
number with more than 15 digits, which lost some; NaN or infinity; a number or a boolean that `null_values` names. A
warning: zeros at the end of guessed numbers with one number of decimals; decimals after the ninth, which NUMERIC does
not keep; nanoseconds.

All rows of the table count, not only those of the last sync: an error stays until the rows are right. The stream's
`checks: {uncast_values_allowed: 0.01}` tolerates a share of the rows with values that do not fit. It does not tolerate
the other errors.
"""
EXAMPLES = 3
AGAIN: Mapping[str, str] = {
    "full_refresh_overwrite": " and run again",
    "incremental_deduped_history": f" and run again. Only changed files are read; to read all files, first {DROP}",
}
"""What to do after `make apply`, by sync mode. The other modes keep every row, so the NULLs stay."""

SHAPES = {"object": dict, "array": list}
"""The values of a JSON column, by the declared type."""


def changes(warehouse: Warehouse, table: TableFacts) -> list[dict[str, object]]:
    """Return the changed values by field, change and reason, the most frequent first, each with one of its files."""
    url = f", min({URL}) as url" if URL in table.columns else ""
    return warehouse.query(
        "select json_value(noted, '$.field') as field, json_value(noted, '$.change') as change, "  # noqa: S608
        f"json_value(noted, '$.reason') as reason, count(*) as n{url} "
        f"from {table.scope}, unnest(json_query_array({META}, '$.changes')) as noted "
        "group by 1, 2, 3 order by n desc limit 20"
    )


def find(
    stream: Stream,
    table: TableFacts,
    noted: list[dict[str, object]],
    files: StreamFiles | None,
    rows: Rows,
) -> list[Finding]:
    """Return one finding for each field and reason; the first have the file's value and line (not of Parquet)."""
    file_format, declared = (files.format, files.declared) if files else (None, dict[str, str]())
    found = []
    again = AGAIN.get(stream.sync_mode, f", {DROP} and run again")
    for position, item in enumerate(noted):
        field, file = str(item["field"]), str(item.get("url") or "")
        kind = table.columns.get(column_name(field).lower(), ("", ""))[1]
        line, value = 0, ""
        if position < EXAMPLES and file and file_format and not isinstance(file_format, ParquetFormat):
            shape = next((each for name, each in declared.items() if bears(column_name(field).lower(), name)), "")
            line, value = _place(rows(file), field, shape if kind == "JSON" else kind, file_format)
        one, type_ = item["n"] == 1, f" the column's type {kind}" if kind else ""
        cursor = stream.sync_mode == "incremental_deduped_history" and _is_cursor(field, stream)
        if cursor:
            text = "1 row has" if one else f"{item['n']} rows have"
            text += f" the key of a record whose cursor does not fit{type_}"
        else:
            text = "1 value does" if one else f"{item['n']} values do"
            text += f" not fit{type_}{f' and {"is" if one else "are"} NULL' if kind else ''}"
        text += f" ({item['change']}, {item['reason']})"
        text += f", the first is {value!r}" if line else ""
        if cursor:
            text += ". Such a record does not replace a row that has a cursor"
            if not line:  # the row that stays may be from another file than the record
                text, file = f"{text}; look for it in the newer files", ""
        has_words = kind == "BOOLEAN" and isinstance(file_format, CsvFormat)
        words = ", or add the words to true_values and false_values" if has_words else ""
        found.append(
            Finding(
                text,
                f"Correct the values in the file, or declare another type for the column in connections.yaml{words}; "
                f"then make apply o=--refresh-schema{again}.",
                file,
                line,
                field,
            )
        )
    return found


def _is_cursor(field: str, stream: Stream) -> bool:
    return [column_name(name).lower() for name in stream.cursor_field] == [column_name(field).lower()]


def _place(
    rows: Iterable[tuple[int, dict[str, str]]], field: str, kind: str, file_format: FileFormat
) -> tuple[int, str]:
    """Return line and text of the first value that does not fit, (0, "") if none is found."""
    nulls = file_format.null_values if isinstance(file_format, CsvFormat) else ()
    is_sought = lru_cache(4096)(partial(bears, column_name(field).lower()))  # asked for each value of the file
    for line, row in rows:
        for name, value in row.items():
            if is_sought(name) and value not in nulls and not fits(value, kind, file_format):
                return line, value[:100]
    return 0, ""


def fits(text: str, kind: str, file_format: FileFormat) -> bool:
    """Return whether a cell's text is a value of a BigQuery type, or JSON of a shape."""
    if kind in SHAPES:
        return _is_json(text, SHAPES[kind])
    test = TESTS.get(kind)
    if not isinstance(file_format, CsvFormat) and test and ("_" in text or not text.isascii()):
        return False  # the connector reads the numbers of CSV files with Python's int and float, which accept both
    if not isinstance(file_format, CsvFormat) and kind == "INTEGER" and _is_number(text):
        return -(2**63) <= Decimal(text) < 2**63 and Decimal(text) % 1 == 0  # 1.0 and 2e3 are loaded
    if kind == "BOOLEAN":
        words = file_format.true_values | file_format.false_values if isinstance(file_format, CsvFormat) else WORDS
        return text in words or text.lower() in WORDS  # a text that is no word of the format is cast by BigQuery
    return test(text) if test else True


def _is_integer(text: str) -> bool:
    number = re.fullmatch(r"\s*([+-]?(?:\d+(?:_\d+)*|(0x[0-9a-fA-F]+)))\s*", text)  # BigQuery casts 0x10 to 16
    try:
        return number is not None and -(2**63) <= int(number[1], 16 if number[2] else 10) < 2**63
    except ValueError:  # more than 4300 digits
        return False


def _is_json(text: str, shape: type) -> bool:
    try:
        return isinstance(json.loads(text), shape)
    except (ValueError, RecursionError):
        return False


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.match(pattern, text) is not None


def _is_number(text: str) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and number.copy_abs() < Decimal(10) ** 29


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
