"""A low-code connector through the API: configured with its manifest, masked, synced incrementally into a table."""

from collections.abc import Iterator

import pytest

from tests.serving import serving

from .syncs import BIGQUERY_DEFINITION, Syncs
from .test_connector_declarative import TOKEN, OrdersApi, configuration

LOW_CODE_DEFINITION = "64a2f99c-542f-4af8-9a6f-355f1217b436"


@pytest.fixture
def orders() -> Iterator[OrdersApi]:
    """An HTTP API with five orders."""
    with serving(OrdersApi()) as server:
        yield server


def test_orders_from_an_http_api(syncs: Syncs, orders: OrdersApi, dataset: str) -> None:
    workspace = {"workspaceId": syncs.workspace(), "name": "orders"}
    body = workspace | {"definitionId": LOW_CODE_DEFINITION, "configuration": configuration(orders)}
    source = syncs.call("POST", "sources", body)
    assert source["sourceType"] == "declarative-manifest"
    assert source["configuration"]["token"] == "**********"
    warehouse = {"project_id": "local-dev", "dataset_id": dataset, "dataset_location": "US"}
    body = workspace | {"definitionId": BIGQUERY_DEFINITION, "configuration": warehouse}
    destination = syncs.call("POST", "destinations", body)
    stream = {"name": "orders", "syncMode": "incremental_deduped_history"}
    body = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    connection = syncs.call("POST", "connections", body | {"configurations": {"streams": [stream]}})
    assert connection["configurations"]["streams"][0]["primaryKey"] == [["id"]]
    assert connection["configurations"]["streams"][0]["cursorField"] == ["updated_at"]

    assert syncs.sync(connection["connectionId"])["rowsSynced"] == 5
    orders.orders[0] |= {"status": "returned", "updated_at": "2018-01-06T00:00:00Z"}
    job = syncs.sync(connection["connectionId"])
    assert job["rowsSynced"] == 2
    rows = syncs.rows(f"select id, status from {dataset}.orders order by id")
    assert rows == [(1, "returned"), *((number, "placed") for number in range(2, 6))]
    assert TOKEN not in syncs.log(job["jobId"])
