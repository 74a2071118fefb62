"""Writes what a new source adds: the block of connections.yaml, the dbt source, the staging model and its tests."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from orchestrator.new_source.files import FILES_LIMIT, Given
from orchestrator.new_source.found import Column, Found, Key
from platform_kit.names import column_name

MADE_BY = "# copied into the seed folder by make new-source:"
"""The comment in the block that names the copies, so that `make remove-source` removes them with it."""

# https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords
RESERVED_WORDS = """
all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube
current default define desc distinct else end enum escape except exclude exists extract false fetch following
for from full group grouping groups hash having if ignore in inner intersect interval into is join lateral
left like limit lookup merge natural new no not null nulls of on or order outer over partition preceding proto
qualify range recursive respect right rollup rows select set some struct tablesample then to treat true
unbounded union unnest using when where window with within
"""
RESERVED = set(RESERVED_WORDS.split())

MODEL = """\
with

source as (

    select * from {{ source('NAME', 'NAME') }}

),

renamed as (

    select
        COLUMNS

    from source

)

select * from renamed
"""

# What the anchors of connections.yaml hold, for a file that has no such anchor.
S3 = """\
bucket: ${S3_BUCKET:-jaffle-shop}
endpoint: ${AWS_ENDPOINT_URL_S3:-}
region_name: ${AWS_DEFAULT_REGION:-us-east-1}
credentials:
  auth_type: iam_user
  aws_access_key_id: ${AWS_ACCESS_KEY_ID}
  aws_secret_access_key: ${AWS_SECRET_ACCESS_KEY}
delivery_method: {delivery_type: use_records_transfer}
"""
USUAL_CSV = {
    "filetype": "csv",
    "encoding": "utf-8-sig",
    "null_values": [""],
    "true_values": ["true", "True", "TRUE"],
    "false_values": ["false", "False", "FALSE"],
}


def flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()


def connection_block(
    name: str, given: Given, found: Found, key: Key, destination: str, copies: Sequence[str], anchors: Iterable[str]
) -> str:
    """Return the entry of `connections`. `anchors`: the names of the YAML anchors that the file has."""
    has = set(anchors)
    lines = [f"- name: {name}"]
    if copies:
        lines[0] = "\n".join([*(f"{MADE_BY} {copy}" for copy in copies), lines[0]])
    lines += ["  source:", "    connector: source-s3", "    configuration:"]
    lines += ["      <<: *s3"] if "s3" in has else [f"      {line}" for line in S3.splitlines()]
    lines += ["      streams:"]
    usual = found.filetype == "csv" and not found.options
    stream = ["<<: *csv"] if usual and "csv" in has else []
    stream += [f"name: {name}", f"globs: {flow([given.glob])}"]
    if found.declared:
        stream.append(f"columns: {flow({column.name: column.landing for column in found.columns})}")
    if not usual or "csv" not in has:
        options = {**USUAL_CSV, **found.options} if found.filetype == "csv" else {"filetype": found.filetype}
        stream += ["validation_policy: Emit Record", "format:"]
        stream += [f"  {option}: {flow(value)}" for option, value in options.items()]
    lines += [f"        {'- ' if at == 0 else '  '}{line}" for at, line in enumerate(stream)]
    lines += [f"  destination: {flow(destination)}", "  streams:", f"    - name: {name}"]
    lines += ["      sync_mode: full_refresh_overwrite # the table is always what the files are"]
    if key:
        lines.append(f"      primary_key: {flow([[part] for part in key])}")
    lines.append(f"      dbt_source: {name}.{name}")
    if len(given.keys) <= FILES_LIMIT:
        lines.append(f"      files: {flow(given.keys)}")
    return "\n".join(lines) + "\n"


def source_file(name: str, shown: str, found: Found, key: Key) -> str:
    """Return the dbt source with its freshness and tests."""
    lines = [
        "sources:",
        f"  - name: {name}",
        f"    description: {_text(f'Loaded by Airbyte from {shown}.')}",
        "    database: \"{{ env_var('BQ_PROJECT', 'local-dev') }}\"",
        "    schema: \"{{ env_var('BQ_DATASET', 'jaffle') }}\"",
        "    config:",
        "      loaded_at_field: _airbyte_extracted_at",
        "      freshness:",
        "        warn_after: {count: 12, period: hour}",
        "        error_after: {count: 24, period: hour}",
        "    tables:",
        f"      - name: {name}",
        f"        description: {_text(f'One row for each record of {shown}.')}",
        "        columns:",
    ]
    for column in found.columns:
        table_column = column_name(column.name)
        lines.append(f"          - name: {flow(table_column)}")
        lines += _quoted(table_column, "            ")
        lines += [f"            data_tests: {tests}" for tests in _tests(column.name, key)]
    return "\n".join(lines) + "\n"


def models_file(name: str, found: Found, key: Key) -> str:
    """Return the description and the tests of the staging model."""
    lines = [
        "models:",
        f"  - name: stg_{name}",
        f"    description: One row for each record of {name}, with clean names and types.",
        "    columns:",
    ]
    for column, clean in zip(found.columns, clean_names(found.columns), strict=True):
        lines.append(f"      - name: {flow(clean)}")
        lines += _quoted(clean, "        ")
        lines += [f"        description: {_text(f'A text: {column.why}.')}"] if column.why else []
        lines += [f"        data_tests: {tests}" for tests in _tests(column.name, key)]
    return "\n".join(lines) + "\n"


def model_file(name: str, found: Found) -> str:
    """Return the SQL of the staging model."""
    columns = []
    for column, clean in zip(found.columns, clean_names(found.columns), strict=True):
        plain = _sql_name(column_name(column.name))
        cast = column.cast.format(plain) if column.cast else plain
        columns.append(cast if cast == _sql_name(clean) else f"{cast} as {_sql_name(clean)}")
    # SQL style: columns and casts first, then what is calculated.
    columns.sort(key=lambda line: "(" in line.removeprefix("cast("))
    listed = ",\n        ".join(columns)
    return MODEL.replace("NAME", name).replace("COLUMNS", listed)


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


def _text(text: str) -> str:
    """Return a text as a YAML value that dbt does not read as Jinja."""
    return json.dumps(text.replace("{", "(").replace("}", ")"), ensure_ascii=False)
