"""The dbt source of a new source, and a staging model for each of its tables."""

import re
from collections.abc import Sequence

from platform_kit.names import column_name
from platform_kit.settings_table import TABLE
from source_texts.tables import Column, Key, Table
from source_texts.yaml_text import description, flow

# https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords
RESERVED_WORDS = """
all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube
current default define desc distinct else end enum escape except exclude exists extract false fetch following
for from full group grouping groups hash having if ignore in inner intersect interval into is join lateral
left like limit lookup merge natural new no not null nulls of on or order outer over partition preceding proto
qualify range recursive respect right rollup rows select set some struct tablesample then to treat true
unbounded union unnest using when where window with within
"""
PLACE = {"database": "BQ_PROJECT", "schema": "BQ_DATASET"}
"""The settings that say where a dbt source is."""
RESERVED = set(RESERVED_WORDS.split())


def source_file(source: str, tables: Sequence[Table]) -> str:
    """Return the dbt source with its freshness and tests."""
    shown = ", ".join(dict.fromkeys(table.shown for table in tables))
    lines = [
        "sources:",
        f"  - name: {flow(source)}",
        f"    description: {description(f'Loaded by Airbyte from {shown}.')}",
        *(f"    {key}: \"{{{{ env_var('{name}', '{TABLE[name].default}') }}}}\"" for key, name in PLACE.items()),
        "    config:",
        "      loaded_at_field: _airbyte_extracted_at",
        "      freshness:",
        "        warn_after: {count: 12, period: hour}",
        "        error_after: {count: 24, period: hour}",
        "    tables:",
    ]
    for table in tables:
        lines += [
            f"      - name: {flow(table.name)}",
            f"        description: {description(f'One row for each record of {table.shown}.')}",
            "        columns:",
        ]
        for column in table.columns:
            name = column_name(column.name)
            lines.append(f"          - name: {flow(name)}")
            lines += _quoted(name, "            ")
            lines += [f"            data_tests: {tests}" for tests in _tests(column.name, table.key)]
    return "\n".join(lines) + "\n"


def models_file(tables: Sequence[Table]) -> str:
    """Return the descriptions and the tests of the staging models."""
    lines = ["models:"]
    for table in tables:
        lines += [
            f"  - name: {table.model}",
            f"    description: One row for each record of {table.name}, with clean names and types.",
            "    columns:",
        ]
        for column, clean in zip(table.columns, clean_names(table.columns), strict=True):
            lines.append(f"      - name: {flow(clean)}")
            lines += _quoted(clean, "        ")
            lines += [f"        description: {description(f'A text: {column.why}.')}"] if column.why else []
            lines += [f"        data_tests: {tests}" for tests in _tests(column.name, table.key)]
    return "\n".join(lines) + "\n"


def model_file(source: str, table: Table) -> str:
    """Return the SQL of the staging model."""
    columns = []
    for column, clean in zip(table.columns, clean_names(table.columns), strict=True):
        plain = _sql_name(column_name(column.name))
        cast = column.cast.format(plain) if column.cast else plain
        columns.append(cast if cast == _sql_name(clean) else f"{cast} as {_sql_name(clean)}")
    # SQL style: columns and casts first, then what is calculated.
    columns.sort(key=lambda line: "(" in line.removeprefix("cast("))
    relation = f"{{{{ source('{source}', '{table.name}') }}}}"
    lines = [
        "with",
        "",
        "source as (",
        "",
        f"    select * from {relation}",  # noqa: S608 -- a text for the user; nothing runs it here
        "",
        "),",
        "",
        "renamed as (",
        "",
        "    select",
        ",\n".join(f"        {column}" for column in columns),
        "",
        "    from source",
        "",
        ")",
        "",
        "select * from renamed",
    ]
    return "\n".join(lines) + "\n"


def clean_names(columns: Sequence[Column]) -> list[str]:
    """Return the columns' names in the staging model: snake case, each once."""
    names: list[str] = []
    for column in columns:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column_name(column.name))
        plain = re.sub(r"_+", "_", words).strip("_").lower() or "column"
        plain = plain if not plain[0].isdigit() else f"_{plain}"
        number = 2
        found = plain
        while found in names:
            found, number = f"{plain}_{number}", number + 1
        names.append(found)
    return names


def _tests(column: str, key: Key) -> list[str]:
    if column not in key:
        return []
    return ["[unique, not_null]"] if len(key) == 1 else ["[not_null]"]


def _quoted(name: str, indent: str) -> list[str]:
    return [f"{indent}quote: true"] if name.lower() in RESERVED else []


def _sql_name(name: str) -> str:
    return f"`{name}`" if name.lower() in RESERVED else name
