"""What the connections file and the dbt project say differently is refused with the stream's place."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from connections_file import ConnectionsFileError, load
from orchestrator.contradictions import refuse_other_tables, refuse_taken_keys

FILE = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
sources:
  - {name: s, connector: source-custom, configuration: {}}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {project_id: p, dataset_id: lake}}
connections:
  - name: c
    source: s
    destination: d
    streams:
      - {name: orders, sync_mode: full_refresh_append, dbt_source: shop.orders, files: [people]}
      - {name: people, sync_mode: full_refresh_append, dbt_source: s3.people}
"""


@pytest.mark.parametrize(
    ("models", "place", "owner"),
    [([["shop", "orders"]], "connections.yaml:11", "dbt model"), ([["shop", "people"]], "connections.yaml:12", "file")],
)
def test_a_taken_key_is_refused(tmp_path: Path, models: list[list[str]], place: str, owner: str) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(FILE)
    with pytest.raises(ConnectionsFileError) as caught:
        refuse_taken_keys(load(path, {}).connections, [dg.AssetKey(model) for model in models])
    for fact in (place, owner, "Rename the dbt source"):
        assert fact in str(caught.value)


def test_other_keys_are_not_refused(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(FILE.replace("files: [people]", "files: [shop/orders]"))
    refuse_taken_keys(load(path, {}).connections, [dg.AssetKey(["trusted", "orders"])])


def manifest(*tables: str) -> dict[str, Any]:
    """A manifest whose first source is the project's own; the others are those of a package."""
    source = {"source_name": "shop", "name": "orders"}
    nodes = {f"{n}": source | {"relation_name": table, "package_name": f"p{n}"} for n, table in enumerate(tables)}
    return {"metadata": {"project_name": "p0"}, "sources": nodes}


@pytest.mark.parametrize(
    ("prefix", "table"), [("eu_", "`p`.`lake`.`orders`"), ("", "`p`.`pond`.`orders`"), ("", "`p`.`lake`.`Orders`")]
)
def test_a_dbt_source_that_is_another_table_is_refused(tmp_path: Path, prefix: str, table: str) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(FILE.replace("source: s\n", f"source: s\n    prefix: '{prefix}'\n"))
    file = load(path, {})
    destinations = {destination.name: destination for destination in file.destinations}
    with pytest.raises(ConnectionsFileError) as caught:
        refuse_other_tables(file.connections, destinations, manifest(table))
    for fact in ("connections.yaml:12", f"p.lake.{prefix}orders", table.replace("`", ""), "identifier", "shop.orders"):
        assert fact in str(caught.value)
    refuse_other_tables(file.connections, destinations, manifest(f"`p`.`lake`.`{prefix}orders`"))
    refuse_other_tables(file.connections, destinations, manifest())


@pytest.mark.parametrize(
    ("place", "namespace", "dataset"),
    [
        ("", "", "lake"),
        ("namespace_definition: source", "namespace: eu", "eu"),
        ("namespace_definition: custom_format\n    namespace_format: raw", "namespace: eu", "raw"),
    ],
)
def test_a_source_of_the_same_name_in_another_dbt_package_is_not_refused(
    tmp_path: Path, place: str, namespace: str, dataset: str
) -> None:
    path = tmp_path / "connections.yaml"
    text = FILE.replace("source: s\n", f"source: s\n    {place}\n")
    path.write_text(text.replace("{name: orders,", f"{{name: orders, {namespace},") if namespace else text)
    file = load(path, {})
    destinations = {destination.name: destination for destination in file.destinations}
    ours, other = f"`p`.`{dataset}`.`orders`", "`p`.`package`.`orders`"
    for tables in ([ours], [ours, other]):
        refuse_other_tables(file.connections, destinations, manifest(*tables))
    packages = manifest(other, ours)
    packages["metadata"]["project_name"] = "of no source"
    refuse_other_tables(file.connections, destinations, packages)
    with pytest.raises(ConnectionsFileError, match=r"is the table p\.package\.orders, so dbt"):
        refuse_other_tables(file.connections, destinations, manifest(other, ours))
