"""The jobs that are made from the connections, and how a connection's group and owners reach its tables."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
from pydantic import ValidationError

from connections_file import Connection, Destination, Source, Stream
from orchestrator.airbyte import Airbyte
from orchestrator.files import Bucket
from orchestrator.jobs import jobs
from orchestrator.landing import landing_assets, tag_value
from orchestrator.warehouse import Warehouse

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

SOURCE = Source(name="s", connector="source-faker", configuration={})
WAREHOUSE = Destination(
    name="w", connector="destination-bigquery", configuration={"project_id": "p", "dataset_id": "d"}
)


def connection(name: str, *tables: str, group: str = "landing", owners: tuple[str, ...] = ()) -> Connection:
    streams = [Stream(name=table, sync_mode="full_refresh_overwrite", dbt_source=f"x.{table}") for table in tables]
    return Connection(name=name, source="s", destination="w", streams=streams, group=group, owners=list(owners))


@dg.multi_asset(
    name="dbt_build",
    specs=[dg.AssetSpec("stg_a", deps=[["x", "a"]]), dg.AssetSpec("stg_b", deps=[["x", "b"]]), dg.AssetSpec("alone")],
    can_subset=True,
)
def models() -> Iterator[Any]:
    yield from ()


def test_each_connection_has_a_job_with_all_that_depends_on_it() -> None:
    declared = [connection("the shop", "a"), connection("Läden", "b", group="finance", owners=("team:finance",))]
    assets = [landing_assets(each, SOURCE, WAREHOUSE) for each in declared]
    made = jobs(declared, models)
    resources = {"airbyte": Airbyte(workspace_id="w"), "bucket": Bucket(), "warehouse": Warehouse()}
    definitions = dg.Definitions([*assets, models], jobs=list(made.values()), resources=resources)
    found = {}
    for name in made:
        keys = definitions.resolve_job_def(name).asset_layer.executable_asset_keys
        found[name] = {key.to_user_string() for key in keys}
    [other] = [name for name in made if name.startswith("connection_L")]
    assert found == {
        "all_assets": {"x/a", "x/b", "stg_a", "stg_b", "alone"},
        "changed_files": {"x/a", "x/b", "stg_a", "stg_b", "alone"},
        "landing": {"x/a", "x/b"},
        "models": {"stg_a", "stg_b", "alone"},
        "connection_the_shop": {"x/a", "stg_a"},
        other: {"x/b", "stg_b"},
    }
    graph = definitions.resolve_asset_graph()
    table = graph.get(dg.AssetKey(["x", "b"]))
    assert (table.group_name, list(table.owners)) == ("finance", ["team:finance"])
    assert table.tags["connection"] == tag_value("Läden")


def test_the_steps_of_a_connections_job_know_only_its_assets() -> None:
    """If each connection's job knew all assets, the code location would grow with the square of the project."""
    declared = [connection(name, name) for name in ("a", "b")]
    made = jobs(declared, models)
    checked = [dg.AssetCheckSpec("profiled", asset=key) for key in ("stg_a", "stg_b")]

    @dg.multi_asset_check(specs=checked, can_subset=True)
    def profiles() -> Iterator[Any]:
        yield from ()

    assets = [*(landing_assets(each, SOURCE, WAREHOUSE) for each in declared), models]
    resources = {"airbyte": Airbyte(workspace_id="w"), "bucket": Bucket(), "warehouse": Warehouse()}
    found = dg.Definitions(assets, [], [], list(made.values()), resources=resources, asset_checks=[profiles])
    job = found.resolve_job_def("connection_a")
    outputs = {node.name: {each.name for each in node.definition.output_defs} for node in job.nodes}
    assert outputs.pop("sync_a")
    assert outputs == {"dbt_build_a": {"stg_a"}, "profiles_a": {"stg_a_profiled"}}
    for node in job.nodes:
        assert {each.name for each in node.definition.input_defs} <= {"x_a", "stg_a"}
    assert found.resolve_all_job_defs()


@pytest.mark.parametrize("owner", ["finance", "team:", "a@b"])
def test_an_owner_that_dagster_would_refuse_is_refused_in_the_file(owner: str) -> None:
    with pytest.raises(ValidationError):
        connection("c", "a", owners=(owner,))


@pytest.mark.parametrize(("name", "value"), [("orders", "orders"), ("the shop!", "the_shop"), ("a" * 80, "a" * 63)])
def test_tag_values_are_valid(name: str, value: str) -> None:
    assert tag_value(name) == value
