"""The table of a stream, as the connections file declares its connection and destination."""

from pathlib import Path
from typing import Any

import pytest

from connections_file import Connection, ConnectionsFileError, Destination, Stream, load
from connections_file.tables import landing_table
from platform_kit.names import identifier

FILE = """
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: w}
sources: [{name: s3, connector: source-s3, configuration: {}}]
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration: CONFIGURATION
connections:
  - name: c
    source: s3
    destination: warehouse
    streams: [{name: orders, sync_mode: full_refresh_overwrite, dbt_source: shop.orders}]
"""
LAKE = {"namespace_definition": "custom_format", "namespace_format": "lake_${SOURCE_NAMESPACE}"}
SECRETS = {"credentials_json": "${file:NO_KEY_IS_HERE}"}


def table(name: str = "orders", namespace: str | None = None, *, into: dict[str, Any] | None = None, **of: Any) -> str:
    """The table of a stream of a connection; `into` changes the destination's configuration."""
    stream = Stream(name=name, namespace=namespace, sync_mode="full_refresh_append", dbt_source="shop.orders")
    connection = Connection(name="c", source="s3", destination="warehouse", streams=[stream], **of)
    configuration = {"project_id": "${BQ_PROJECT:-local-dev}", "dataset_id": "${BQ_DATASET:-jaffle}", **SECRETS}
    configuration |= into or {}
    destination = Destination(name="warehouse", connector="destination-bigquery", configuration=configuration)
    return landing_table(stream, connection, destination)


@pytest.fixture(autouse=True)
def _no_dataset_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BQ_PROJECT", "BQ_DATASET"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "local-dev.jaffle.orders"),
        ({"prefix": "raw_"}, "local-dev.jaffle.raw_orders"),
        ({"name": "Line Items", "prefix": "2024 "}, "local-dev.jaffle._2024_Line_Items"),
        ({"into": {"dataset_id": "landing"}}, "local-dev.landing.orders"),
        ({"into": {"project_id": "lake", "dataset_id": "lake:landing"}}, "lake.landing.orders"),
        ({"namespace": "public"}, "local-dev.jaffle.orders"),
        ({"namespace": "public", "namespace_definition": "source"}, "local-dev.public.orders"),
        ({"namespace_definition": "source"}, "local-dev.jaffle.orders"),
        ({"namespace": "public", **LAKE}, "local-dev.lake_public.orders"),
        ({**LAKE}, "local-dev.lake_.orders"),
        ({**LAKE, "namespace_format": "${SOURCE_NAMESPACE}"}, "local-dev.jaffle.orders"),
        ({**LAKE, "namespace_format": "all data"}, "local-dev.all_data.orders"),
        ({"namespace": "_private", "namespace_definition": "source"}, "local-dev.n_private.orders"),
        ({"namespace": "2024", "namespace_definition": "source", "prefix": "p"}, "local-dev.2024.porders"),
    ],
)
def test_table(settings: dict[str, Any], expected: str) -> None:
    assert table(**settings) == expected


def test_project_and_dataset_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BQ_PROJECT", "mine")
    monkeypatch.setenv("BQ_DATASET", "shop")
    assert table() == "mine.shop.orders"


def test_a_dataset_that_yaml_takes_for_a_number() -> None:
    assert table(into={"dataset_id": 2024}) == "local-dev.2024.orders"


@pytest.mark.parametrize("name", ["orders", "Line Items", "café-2024", "1st", "a  b", "ﬁles", "größe"])
def test_tables_are_named_as_airbyte_lite_names_them(name: str) -> None:
    assert table(name) == f"local-dev.jaffle.{identifier(name)}"


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ("{project_id: p, dataset_id: '${UNSET}'}", "the environment variable UNSET is not set. .*compose/dagster"),
        ("{project_id: p}", "has no dataset_id"),
        ("{host: h, dataset_id: '${BQ_DATASET:-}'}", "has no project_id and no dataset_id"),
    ],
)
def test_a_destination_that_does_not_say_where(tmp_path: Path, configuration: str, message: str) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(FILE.replace("CONFIGURATION", configuration))
    file = load(path)
    [connection], [destination] = file.connections, file.destinations
    with pytest.raises(ConnectionsFileError, match=f"connections.yaml:5: destination 'warehouse'.*{message}"):
        landing_table(connection.streams[0], connection, destination)
