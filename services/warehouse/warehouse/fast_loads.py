"""Reads CSV and NDJSON files with DuckDB, on all cores, where that gives the values that BigQuery would store."""

from collections.abc import Iterator
from typing import Any

from local_bigquery.engine.database import quote
from local_bigquery.jobs.storage import literal
from local_bigquery.models import TableFieldSchema

from warehouse import csv_rows, text_sql
from warehouse.values import kind

Fields = list[TableFieldSchema]
Files = dict[str, str | None]  # each path, and the address that the user knows
NUMBER = r"(^|[:,\[])-?[0-9]+[.eE]"  # in JSON as DuckDB writes it, without spaces


def usual(cursor: Any, config: Any, fields: Fields, files: Files) -> bool:
    """Return whether every key of NDJSON files is the exact name of a field, or may be ignored."""
    if config.sourceFormat == "CSV":
        return not (config.ignoreUnknownValues or (config.encoding or "UTF-8").upper() != "UTF-8")
    listed = ", ".join(map(literal, files))
    objects = f"read_ndjson_objects([{listed}])"
    paths_ = [("", fields), *_records("$", fields)]
    found = _distinct(cursor, [f"json_keys(json{', ' + literal(path) if path else ''})" for path, _ in paths_], objects)
    for index, (_, children) in enumerate(paths_):
        exact = {child.name for child in children}
        folded = {name.casefold() for name in exact}
        keys = {key for row in found for key in _flat(row[index])}
        unknown = keys - exact
        if unknown and not (config.ignoreUnknownValues and not {key.casefold() for key in unknown} & folded):
            return False
    return True


def _distinct(cursor: Any, expressions: list[str], source: str) -> list[tuple[Any, ...]]:
    """Return the distinct values of the expressions. Most files have one: that is found in two thirds of the time."""
    selected = ", ".join(f"{each} AS k{index}" for index, each in enumerate(expressions))
    first: list[tuple[Any, ...]] = cursor.execute(f"SELECT {selected} FROM {source} LIMIT 1").fetchall()  # noqa: S608 literals
    other = " OR ".join(f"{each} IS DISTINCT FROM ${index}" for index, each in enumerate(expressions, 1))
    if first and not cursor.execute(f"SELECT 1 FROM {source} WHERE {other} LIMIT 1", list(first[0])).fetchall():  # noqa: S608
        return first
    return cursor.execute(f"SELECT DISTINCT {selected} FROM {source}").fetchall()  # type: ignore[no-any-return] # noqa: S608


def _records(path: str, fields: Fields) -> list[tuple[str, Fields]]:
    """Return the JSON path of each nested record, and its fields."""
    found = []
    for field in fields:
        if kind(field) == "RECORD":
            inner = f'{path}."{field.name}"' + ("[*]" if field.mode == "REPEATED" else "")
            found += [(inner, field.fields or []), *_records(inner, field.fields or [])]
    return found


def _flat(keys: Any) -> Iterator[str]:
    for key in keys or []:
        if isinstance(key, list):
            yield from _flat(key)
        elif key is not None:
            yield key


def sql(config: Any, fields: Fields, files: Files, skip: int, numbers: bool) -> str:
    """Return a SELECT that reads the files and raises an error for every unusual value."""
    listed = f"[{', '.join(map(literal, files))}]"
    if config.sourceFormat != "CSV":
        columns = ", ".join(f"{literal(field.name)}: {literal(text_sql.json_type(field))}" for field in fields)
        source = f"read_json({listed}, format = 'newline_delimited', columns = {{{columns}}})"
        values = [text_sql.from_json(quote(field.name), field, numbers) for field in fields]
    else:
        dialect = csv_rows.Dialect.of(config)
        columns = ", ".join(f"{literal(field.name)}: 'VARCHAR'" for field in fields)
        quoted = literal(dialect.quote)
        options = (
            f"delim = {literal(dialect.delimiter)}, quote = {quoted}, escape = {quoted}, "
            f"nullstr = [{', '.join(map(literal, dialect.null_markers))}], allow_quoted_nulls = false, "
            f"null_padding = {str(bool(config.allowJaggedRows)).lower()}, header = false, skip = {skip}, "
            "auto_detect = false"
        )
        source = f"read_csv({listed}, columns = {{{columns}}}, {options})"
        newlines = dialect.quoted_newlines
        values = [text_sql.from_csv(quote(field.name), field, newlines) for field in fields]
    selected = ", ".join(f"{value} AS {quote(field.name)}" for value, field in zip(values, fields, strict=True))
    return f"SELECT {selected} FROM {source}"  # noqa: S608 quoted names


def numbers_in_texts(cursor: Any, fields: Fields, files: Files) -> bool:
    """Return whether a STRING column of NDJSON files may have a number with a fraction or an exponent.

    As JSON, a text has its quotes and a number has none. In a record, a number of another type also counts.
    """
    texts = [field for field in fields if _has_text(field)]
    columns = ", ".join(f"{literal(field.name)}: 'JSON'" for field in texts)
    listed = ", ".join(map(literal, files))
    source = f"read_json([{listed}], format = 'newline_delimited', columns = {{{columns}}})"
    number = literal(NUMBER)
    found = " OR ".join(f"regexp_matches(CAST({quote(field.name)} AS VARCHAR), {number})" for field in texts)
    return bool(cursor.execute(f"SELECT 1 FROM {source} WHERE {found} LIMIT 1").fetchall())  # noqa: S608 literals


def _has_text(field: TableFieldSchema) -> bool:
    return kind(field) == "STRING" or any(map(_has_text, field.fields or []))
