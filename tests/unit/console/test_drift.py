"""The streams that a source offers now, as the lines of connections.yaml to change."""

import copy
from pathlib import Path

import pytest

from console.clients.calls import ServiceError
from console.logic.airbyte import connection, drift
from console.logic.airbyte.connection import Detail
from console.logic.airbyte.drift import Drift

from .airbyte_answers import CATALOG, CONFIGURATION, Json, Server, detail_answers
from .test_connections import FILE, in_file

DISCOVER = f"POST {CONFIGURATION}/sources/discover_schema"


def compared(folder: Path, catalog: Json, text: str = FILE) -> Drift:
    server = Server(detail_answers() | {DISCOVER: {"catalog": catalog}})
    found: Detail = server.ask(lambda airbyte: connection.detail(airbyte, "c1"))
    now = server.ask(lambda airbyte: drift.discover(airbyte, "s1"))
    return drift.drift(found, now, in_file(folder, text))


def catalog() -> Json:
    """Return the catalog of the connection, as a discovery has it: every stream is selected."""
    now = copy.deepcopy(CATALOG)
    del now["streams"][1]
    return now


def test_nothing_has_changed(tmp_path: Path) -> None:
    assert compared(tmp_path, catalog()) == Drift()


def test_a_new_stream_is_an_entry_to_add(tmp_path: Path) -> None:
    now = catalog()
    now["streams"].append({"stream": {"name": "new one", "jsonSchema": {}}, "config": {}})
    found = compared(tmp_path, now)
    assert found.diff[0] == "+      - name: new one"
    assert found.diff[-1] == "+        dbt_source: orders.new_one"
    assert found.commands


def test_a_stream_that_is_gone_is_an_entry_to_remove(tmp_path: Path) -> None:
    found = compared(tmp_path, {"streams": []})
    assert found.diff[0] == "-      - name: orders"
    assert "-        dbt_source: shop.orders" in found.diff


def test_columns_and_types_are_taken_over_by_a_command(tmp_path: Path) -> None:
    now = catalog()
    columns = now["streams"][0]["stream"]["jsonSchema"]["properties"]
    columns["at"] = {"type": "integer"}
    columns["note"] = {"type": "string"}
    del columns["tags"]
    found = compared(tmp_path, now)
    assert [text.split(":")[0] for text in found.changes] == ["orders.note", "orders.tags", "orders.at"]
    assert found.commands == ["make apply o=--refresh-schema"]
    assert found.diff == [], "the file does not name these columns"


def test_a_lost_column_of_the_key_and_of_the_selection_is_a_line_to_change(tmp_path: Path) -> None:
    now = catalog()
    columns = now["streams"][0]["stream"]["jsonSchema"]["properties"]
    columns["order_id"] = columns.pop("id")
    text = FILE.replace("primary_key: [[id]]", "primary_key: [[id]], selected_fields: [id, at]")
    found = compared(tmp_path, now, text)
    assert "-        selected_fields: [id, at]" in found.diff
    assert "+        selected_fields: [at, order_id]" in found.diff
    assert "-        primary_key: [[id]]" in found.diff
    assert any("primary key" in change for change in found.changes)


def test_the_declared_columns_of_a_file_are_a_line_to_change(tmp_path: Path) -> None:
    source = (
        "source: {connector: source-s3, configuration: {streams: [{name: orders, columns: {id: integer, at: string}}]}}"
    )
    text = FILE.replace("source: {connector: source-shop-api, configuration: {}}", source)
    now = catalog()
    now["streams"][0]["stream"]["jsonSchema"]["properties"]["note"] = {"type": ["null", "number"]}
    found = compared(tmp_path, now, text)
    assert "-            columns: {id: integer, at: string}" in found.diff
    assert "+            columns: {id: integer, at: string, tags: array, note: number}" in found.diff
    assert "orders" in found.note, "the connector offers what is declared, not what the file has"


def test_the_reason_of_a_failed_discovery_is_told() -> None:
    failed: Json = {"jobInfo": {"failureReason": {"externalMessage": "The bucket x does not exist."}}}
    with pytest.raises(ServiceError, match="The bucket x does not exist"):
        Server({DISCOVER: failed}).ask(lambda airbyte: drift.discover(airbyte, "s1"))
