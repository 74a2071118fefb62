"""The texts of a new source: valid YAML and SQL for any names, columns and configurations."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import connections_file
from source_texts import blocks, dbt
from source_texts.connection import Stream, connection_block
from source_texts.errors import SourceError
from source_texts.tables import Column, Table

FILE = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: W}
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration: {project_id: p, dataset_id: d}
connections:
  # a comment that stays
  - name: first
    source: {connector: source-faker, configuration: {}}
    destination: warehouse
    streams:
      - {name: users, sync_mode: full_refresh_overwrite, dbt_source: first.users}
"""
CONFIGURATION = {
    "token": "${API_TOKEN}",
    "start: date": "2024-01-31",
    "numbers": [1, 2.5, True, None],
    "nested": [{"a": {"b": ["x"]}}],
    "multiline": "one\ntwo",
    "no": "no",
    "empty": "",
}


@pytest.mark.parametrize("configuration", [CONFIGURATION, {}])
def test_the_block_is_what_was_chosen(tmp_path: Path, configuration: dict[str, Any]) -> None:
    streams = [
        Stream("Sheet 1: new", "full_refresh_overwrite", "my_api.Sheet_1__new"),
        Stream("users", "incremental_deduped_history", "my_api.users", ("id", "org: x"), "updated_at"),
    ]
    block = connection_block("my_api", "source-my-api", configuration, "warehouse", streams, prefix="my_api_")
    path = tmp_path / "connections.yaml"
    path.write_text(blocks.with_block(path, FILE, block))
    file = connections_file.load(path)
    assert [connection.name for connection in file.connections] == ["first", "my_api"]
    assert "# a comment that stays" in path.read_text()
    source = next(one for one in file.sources if one.name == "my_api")
    assert (source.connector, source.configuration) == ("source-my-api", configuration)
    assert file.connections[1].prefix == "my_api_", "both connections have a stream users"
    loaded = file.connections[1].streams
    assert [stream.name for stream in loaded] == ["Sheet 1: new", "users"]
    assert loaded[1].primary_key == [["id"], ["org: x"]]
    assert loaded[1].cursor_field == ["updated_at"]
    assert blocks.without_block(path, path.read_text(), "my_api")[0] == FILE


def test_a_block_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="first"):
        blocks.without_block(tmp_path / "connections.yaml", FILE, "second")


COLUMNS = [
    Column("id", "integer", "cast({} as int64)"),
    Column("orderDate", "string", "cast({} as date)"),
    Column("select", "string", None, why="a word"),
    Column("Größe {x}", "string", None),
]


def test_the_dbt_source_has_every_table() -> None:
    tables = [
        Table("users", "stg_my_api__users", "My API", COLUMNS, ("id",)),
        Table("orders", "stg_my_api__orders", "My {API}", COLUMNS[:2], ("id", "orderDate")),
    ]
    source = yaml.safe_load(dbt.source_file("my_api", tables))["sources"][0]
    assert [table["name"] for table in source["tables"]] == ["users", "orders"]
    users = {column["name"]: column for column in source["tables"][0]["columns"]}
    assert list(users)[:3] == ["id", "orderDate", "select"]
    assert users["id"]["data_tests"] == ["unique", "not_null"]
    assert users["select"]["quote"] is True
    assert source["tables"][1]["columns"][1]["data_tests"] == ["not_null"]
    assert "{" not in source["description"]
    models = yaml.safe_load(dbt.models_file(tables))["models"]
    assert [model["name"] for model in models] == ["stg_my_api__users", "stg_my_api__orders"]
    assert [column["name"] for column in models[0]["columns"]][:3] == ["id", "order_date", "select"]
    sql = dbt.model_file("my_api", tables[0])
    assert "{{ source('my_api', 'users') }}" in sql
    assert "cast(orderDate as date) as order_date" in sql
    assert "`select`" in sql


def test_two_columns_with_one_clean_name_stay_two() -> None:
    names = dbt.clean_names([Column("a b", "string", None), Column("A_B", "string", None), Column("1", "string", None)])
    assert names == ["a_b", "a_b_2", "_1"]
