"""Two names that become one table, asset key or step: refused with both places, before anything runs."""

from pathlib import Path

import pytest

from connections_file import Connection, ConnectionsFileError, load

HEAD = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
sources:
  - {name: s, connector: source-custom, configuration: {}}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {project_id: p, dataset_id: lake}}
  - {name: same, connector: destination-bigquery, configuration: {project_id: '${P:-p}', dataset_id: 'p:lake'}}
  - {name: other, connector: destination-bigquery, configuration: {project_id: p, dataset_id: pond}}
connections:
"""


def connection(
    name: str, stream: str, key: str, destination: str = "d", settings: str = "", of_stream: str = ""
) -> str:
    return (
        f"  - {{name: {name!r}, source: s, destination: {destination}, {settings}"
        f"streams: [{{name: {stream!r}, {of_stream}sync_mode: full_refresh_append, dbt_source: {key}}}]}}\n"
    )


def mistakes(directory: Path, *connections: str) -> list[str]:
    path = directory / "connections.yaml"
    path.write_text(HEAD + "".join(connections))
    try:
        load(path, {})
    except ConnectionsFileError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    "second",
    [
        connection("b", "orders", "shop.b"),
        connection("b", "orders", "shop.b", "same"),
        connection("b", "rs", "shop.b", settings="prefix: orde, "),
        connection("b", "Orders", "shop.b"),
        connection("b", "órders", "shop.b"),
        connection("b", "orders", "shop.b", "other", "namespace_definition: custom_format, namespace_format: lake, "),
        connection("b", "orders", "shop.b", "other", "namespace_definition: source, ", "namespace: lake, "),
        connection("b", "orders", "shop.b", settings="status: inactive, "),
    ],
)
def test_two_streams_fill_one_table(tmp_path: Path, second: str) -> None:
    [told] = mistakes(tmp_path, connection("a", "orders", "shop.a"), second)
    assert "connections.yaml:10: connections[1].streams[0].name" in told
    assert "connections.yaml:9, connection 'a', stream 'orders'" in told
    assert "lake.orders" in told.lower().replace("ó", "o")


@pytest.mark.parametrize(("one", "two"), [("orders-eu", "orders_eu"), ("café orders", "cafe_orders"), ("1", "_1")])
def test_names_that_bigquery_takes_for_one(tmp_path: Path, one: str, two: str) -> None:
    [told] = mistakes(tmp_path, connection("a", one, "shop.a"), connection("b", two, "shop.b"))
    assert repr(one) in told
    assert repr(two) in told
    assert "connections.yaml:9" in told


@pytest.mark.parametrize(("name", "prefix"), [("x" * 987, ""), ("x" * 980, "eu_orders_"), ("1" * 986, "")])
def test_a_name_that_would_be_cut_is_refused(tmp_path: Path, name: str, prefix: str) -> None:
    settings = f"prefix: {prefix}, " if prefix else ""
    [told] = mistakes(tmp_path, connection("a", name, "shop.a", settings=settings))
    assert "connections.yaml:9: connections[0].streams[0].name" in told
    assert str(len(prefix + name) + (name[0] == "1")) in told
    assert "986" in told
    assert not mistakes(tmp_path, connection("a", "x" * 986, "shop.a"))


def test_other_tables_are_not_refused(tmp_path: Path) -> None:
    assert not mistakes(
        tmp_path,
        connection("a", "orders", "shop.a"),
        connection("b", "orders", "shop.b", "other"),
        connection("c", "orders", "shop.c", settings="prefix: eu_, "),
        connection("e", "orders", "shop.e", settings="namespace_definition: custom_format, namespace_format: sea, "),
    )


def test_one_asset_key(tmp_path: Path) -> None:
    [told] = mistakes(tmp_path, connection("a", "x", "shop.orders"), connection("b", "y", "shop.orders"))
    assert "connections.yaml:10: connections[1].streams[0].dbt_source" in told
    assert "connections.yaml:9" in told


def test_one_step(tmp_path: Path) -> None:
    [told] = mistakes(tmp_path, connection("orders-eu", "x", "shop.x"), connection("orders_eu", "y", "shop.y"))
    assert "connections.yaml:10: connections[1].name" in told
    assert "'orders-eu' (" in told
    assert "connections.yaml:9" in told


@pytest.mark.parametrize("name", ["café", "日本", "中国", "a.b 'c' \"d\"", "1", "-", "x" * 3000])
def test_every_name_has_a_step_name(name: str) -> None:
    step = Connection.model_construct(name=name).step_name
    assert step.isascii()
    assert step.isidentifier()
    assert step != Connection.model_construct(name=f"{name}é").step_name


def test_an_asset_key_is_ascii(tmp_path: Path) -> None:
    [told] = mistakes(tmp_path, connection("a", "orders", "shop.café_orders"))
    assert "connections.yaml:9: connections[0].streams[0].dbt_source" in told
