"""What a connection's step does for each selection of its tables and checks."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.tags import ASSET_RESUME_RETRY_TAG

from connections_file import Checks, Connection, Destination, Source, Stream, SyncMode
from orchestrator.airbyte import Airbyte
from orchestrator.files import Bucket, asset_key, file_assets
from orchestrator.landing import landing_assets
from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.formats import FileFormat, NotCountedError, StreamFiles
from orchestrator.reading.objects import File, Files
from orchestrator.warehouse import Warehouse

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

SYNCED: list[str] = []
ROWS = {"orders": 3, "lines": 7}
WAREHOUSE = Destination(
    name="warehouse", connector="destination-bigquery", configuration={"project_id": "p", "dataset_id": "d"}
)
SOURCE = Source(
    name="s3",
    connector="source-s3",
    configuration={
        "bucket": "jaffle-shop",
        "streams": [
            {"name": name, "globs": [f"shop/{name}.csv"], "format": {"filetype": "csv"}} for name in ("orders", "lines")
        ],
    },
)
READ: list[str] = []
ODD: list[str] = []
RECORDS = {"shop/orders.csv": 3, "shop/lines.csv": 7}


class StubAirbyte(Airbyte):
    def sync(self, connection_name: str) -> Mapping[str, Any]:
        SYNCED.append(connection_name)
        return {"jobId": 5, "isFollowed": "followed" in ODD, "rowsSynced": 10, "bytesSynced": 200}


class StubWarehouse(Warehouse):
    def count_rows(self, table: str) -> int:
        assert table.startswith("p.d.")
        return ROWS[table.removeprefix("p.d.")]

    def columns(self, table: str) -> dict[str, tuple[str, str]]:  # noqa: ARG002
        return {"id": ("id", "INTEGER")}

    def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
        [table] = re.findall("`(p.d.[^`]+)`", query)
        return [{"row_count": self.count_rows(table), "n_0": 1}]


WHEN = datetime(2026, 1, 1, tzinfo=UTC)


class StubFiles(Files):
    def pages(self, prefix: str) -> Iterator[Any]:
        if "away" in ODD:
            raise dg.Failure("S3 is away")
        yield [{"Key": key, "ETag": "1", "Size": 1, "LastModified": WHEN} for key in RECORDS if key.startswith(prefix)]

    def matching(self, files: StreamFiles, passed_over: Callable[[str], None] = print) -> list[File]:  # noqa: ARG002
        version = "2" if "replaced" in ODD else "1"
        return [File(key, version, WHEN) for key in RECORDS if files.matches(key)]

    def facts(self, file: File, file_format: FileFormat, sought: Sought) -> FileFacts:  # noqa: ARG002
        assert file_format.filetype == "csv"
        READ.append(file.name)
        if file.name in ODD:
            raise NotCountedError("it is odd")
        return FileFacts(records=RECORDS[file.name], names=["id"])


class StubBucket(Bucket):
    def files(self) -> Files:
        return StubFiles(None, "jaffle-shop")  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def nothing_synced(monkeypatch: pytest.MonkeyPatch) -> None:
    SYNCED.clear()
    READ.clear()
    ODD.clear()
    monkeypatch.setenv("S3_BUCKET", "jaffle-shop")


def run(
    selection: dg.AssetSelection,
    instance: dg.DagsterInstance | None = None,
    mode: SyncMode = "full_refresh_overwrite",
    **tags: str,
) -> dg.ExecuteInProcessResult:
    streams = [
        Stream(name=name, sync_mode=mode, dbt_source=f"shop.{name}", files=[f"shop/{name}.csv"]) for name in ROWS
    ]
    connection = Connection(name="the shop", source="s3", destination="warehouse", streams=streams)
    assets = landing_assets(connection, SOURCE, WAREHOUSE)
    resources = {"airbyte": StubAirbyte(workspace_id="w"), "warehouse": StubWarehouse(), "bucket": StubBucket()}
    return dg.materialize(
        [assets], selection=selection, resources=resources, raise_on_error=False, instance=instance, tags=tags
    )


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    keys = [event.asset_key for event in result.get_asset_materialization_events()]
    return {key.to_user_string() for key in keys if key}


def checked(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for item in result.get_asset_check_evaluations():
        key = item.asset_key.to_user_string()
        found[key] = item.passed and found.get(key, True)
    return found


def test_one_sync_loads_all_tables_of_a_connection() -> None:
    result = run(dg.AssetSelection.all())
    assert SYNCED == ["the shop"]
    assert materialized(result) == {"shop/orders", "shop/lines"}
    assert checked(result) == {"shop/orders": True, "shop/lines": True}
    [event] = [event for event in result.get_asset_materialization_events() if event.asset_key.path[-1] == "lines"]  # type: ignore[union-attr]
    metadata = event.materialization.metadata
    assert {name: metadata[name].value for name in ("airbyte_job_id", "rows_synced", "bytes_synced")} == {
        "airbyte_job_id": 5,
        "rows_synced": 10,
        "bytes_synced": 200,
    }
    assert metadata["dagster/row_count"].value == 7


def test_the_objects_that_a_sync_has_loaded_are_remembered_for_the_sensor() -> None:
    with dg.DagsterInstance.ephemeral() as instance:

        def remembered() -> set[str]:
            keys = {f"file_sensor/shop/{name}" for name in ROWS}
            return set(instance.daemon_cursor_storage.get_cursor_values(keys))

        for unknown in ("away", "followed"):  # a sync that was running already may not have read the objects
            ODD[:] = [unknown]
            assert materialized(run(dg.AssetSelection.all(), instance)) == {"shop/orders", "shop/lines"}
            assert remembered() == set()
        ODD.clear()
        # It does not build the models that the repeated run has built, so a file that changed meanwhile is not known.
        run(dg.AssetSelection.all(), instance, "full_refresh_overwrite", **{ASSET_RESUME_RETRY_TAG: "true"})
        assert remembered() == set()
        run(dg.AssetSelection.assets(dg.AssetKey(["shop", "lines"])), instance)
        assert remembered() == {"file_sensor/shop/lines"}


def test_files_that_are_replaced_without_a_newer_time_fail_the_check_of_an_incremental_sync() -> None:
    """The connector does not read them. A sync that was running already may not have read the files that exist."""
    lines = dg.AssetSelection.assets(dg.AssetKey(["shop", "lines"]))
    everything = dg.AssetSelection.all()
    with dg.DagsterInstance.ephemeral() as instance:
        ODD[:] = ["followed"]
        run(everything, instance, "incremental_append")
        ODD[:] = ["replaced"]
        assert checked(run(lines, instance, "incremental_append")) == {"shop/lines": True}
        ODD.clear()
        assert checked(run(everything, instance, "incremental_append")) == {"shop/orders": True, "shop/lines": False}
        assert checked(run(everything, instance)) == {"shop/orders": True, "shop/lines": True}
        ODD[:] = ["replaced"]
        checks_alone = dg.AssetSelection.checks_for_assets(dg.AssetKey(["shop", "orders"]))
        assert checked(run(checks_alone, instance, "incremental_append")) == {"shop/orders": False}


def test_nothing_is_reported_before_every_table_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a table were reported before the step fails, a retry of the run would load it again without checking it."""
    read = StubWarehouse.query

    def query(self: StubWarehouse, text: str, **options: Any) -> Any:
        if "lines" in text:
            raise dg.Failure("the warehouse is away")
        return read(self, text, **options)

    monkeypatch.setattr(StubWarehouse, "query", query)
    result = run(dg.AssetSelection.all())
    assert not result.success
    assert materialized(result) == set()
    assert checked(result) == {}


def test_a_check_alone_does_not_sync() -> None:
    result = run(dg.AssetSelection.checks_for_assets(dg.AssetKey(["shop", "orders"])))
    assert result.success
    assert SYNCED == []
    assert materialized(result) == set()
    assert checked(result) == {"shop/orders": True}


def test_one_table_of_a_connection() -> None:
    result = run(dg.AssetSelection.assets(dg.AssetKey(["shop", "lines"])))
    assert result.success
    assert SYNCED == ["the shop"]
    assert materialized(result) == {"shop/lines"}
    assert checked(result) == {"shop/lines": True}


def test_a_table_short_of_its_file_fails_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROWS, "orders", 2)
    result = run(dg.AssetSelection.all())
    assert not result.success
    assert checked(result) == {"shop/orders": False, "shop/lines": True}


def test_a_file_that_turns_out_not_to_be_countable_only_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    ODD.append("shop/orders.csv")
    result = run(dg.AssetSelection.all())
    assert result.success
    evaluation, *_ = [item for item in result.get_asset_check_evaluations() if not item.passed]
    assert evaluation.asset_key == dg.AssetKey(["shop", "orders"])
    assert evaluation.severity == dg.AssetCheckSeverity.WARN
    assert "it is odd" in (evaluation.description or "")


def test_a_file_that_is_named_twice_is_counted_once() -> None:
    files = ["shop/orders.csv"] * 2
    stream = Stream(name="orders", sync_mode="full_refresh_overwrite", dbt_source="shop.orders", files=files)
    connection = Connection(name="the shop", source="s3", destination="warehouse", streams=[stream])
    resources = {"airbyte": StubAirbyte(workspace_id="w"), "warehouse": StubWarehouse(), "bucket": StubBucket()}
    result = dg.materialize([landing_assets(connection, SOURCE, WAREHOUSE)], resources=resources)
    assert checked(result) == {"shop/orders": True}


def test_an_unchanged_file_is_not_read_again() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        stream = Stream(name="orders", sync_mode="full_refresh_append", dbt_source="shop.orders")
        connection = Connection(name="the shop", source="s3", destination="warehouse", streams=[stream])
        resources = {"airbyte": StubAirbyte(workspace_id="w"), "warehouse": StubWarehouse(), "bucket": StubBucket()}
        for _ in range(2):
            dg.materialize([landing_assets(connection, SOURCE, WAREHOUSE)], resources=resources, instance=instance)
    assert READ == ["shop/orders.csv"]


def test_checks_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(name="orders", sync_mode="full_refresh_append", dbt_source="shop.orders")
    skipping = stream.model_copy(update={"checks": Checks(skip=["columns_arrived"])})
    names = []
    for each in (stream, skipping):
        connection = Connection(name="the shop", source="s3", destination="warehouse", streams=[each])
        names.append({key.name for key in landing_assets(connection, SOURCE, WAREHOUSE).check_keys})
    assert names[0] - names[1] == {"columns_arrived"}
    monkeypatch.setenv("LANDING_CHECKS", "no")
    assert not list(landing_assets(connection, SOURCE, WAREHOUSE).check_keys)


def test_rows_are_counted_in_the_table_that_the_asset_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROWS, "raw_line_items", 7)
    stream = Stream(name="line items", sync_mode="full_refresh_append", dbt_source="shop.lines")
    connection = Connection(name="c", source="s3", destination="warehouse", prefix="raw_", streams=[stream])
    assets = landing_assets(connection, SOURCE, WAREHOUSE)
    [spec] = assets.specs
    assert spec.metadata["dagster/table_name"] == "p.d.raw_line_items"
    resources = {"airbyte": StubAirbyte(workspace_id="w"), "warehouse": StubWarehouse(), "bucket": StubBucket()}
    result = dg.materialize([assets], resources=resources)
    [event] = result.get_asset_materialization_events()
    assert event.materialization.metadata["dagster/row_count"].value == 7


def test_a_code_location_loads_with_every_name() -> None:
    names = ["café", "日本", "中国", "a.b 'c' \"d\"", "1", "-", "x" * 3000]
    keys = ["a b.csv", "a_b.csv", "ä?.csv", "q'\".csv", "t\tab", "x//y.csv", "*.csv", "日本.csv"]
    connections = []
    for number, name in enumerate(names):
        stream = Stream(name=name, sync_mode="full_refresh_append", dbt_source=f"1.{number}", files=keys)
        connections.append(Connection(name=name, source="s3", destination="warehouse", streams=[stream]))
    assets = [landing_assets(connection, SOURCE, WAREHOUSE) for connection in connections]
    resources = {"airbyte": StubAirbyte(workspace_id="w"), "warehouse": StubWarehouse(), "bucket": StubBucket()}
    definitions = dg.Definitions(assets=[*file_assets(connections), *assets], resources=resources)
    definitions.resolve_all_job_defs()
    graph = definitions.resolve_asset_graph()
    assert len(graph.get_all_asset_keys()) == len(names) + len(keys)
    assert graph.get(dg.AssetKey(["1", "0"])).parent_keys == {asset_key(key) for key in keys}
