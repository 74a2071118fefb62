"""The console with two generations of Airbyte: it shows their answers and sends requests that they accept."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from console.clients.airbyte import Airbyte
from console.clients.calls import ServiceError
from console.logic.airbyte import actions, connection, declared, drift, listing, new_source, plan
from console.pages import changes, connections
from console.pages import connection as connection_page
from console.pages import new_source as new_source_page
from console.parts.frame import Page
from console.settings import Settings
from tests.console_pages import opened

from .airbyte_fake import GENERATIONS, Fake, serve

S3 = new_source.Connector("69589781-7828-43c5-9f63-8925b1c1ccc2", "source-s3", "S3", "", "")
WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
FILE = f"""\
workspace: {{id: {WORKSPACE}, name: W}}
destinations:
  - {{name: warehouse, connector: destination-bigquery, configuration: {{project_id: p, dataset_id: d}}}}
connections:
  - name: orders
    source: {{connector: source-s3, configuration: {{bucket: b}}}}
    destination: warehouse
    streams:
      - {{name: orders, sync_mode: full_refresh_overwrite, dbt_source: shop.orders}}
"""


def ask[T](question: Callable[[Airbyte], Coroutine[Any, Any, T]]) -> T:
    """Return what a function of the console's client returns."""

    async def asked() -> T:
        airbyte = Airbyte(Settings.read())
        try:
            return await question(airbyte)
        finally:
            await airbyte.close()

    return asyncio.run(asked())


def filled(airbyte: Fake) -> str:
    """Add a connection to the fake, and return its id."""
    airbyte.workspaces[WORKSPACE] = {"workspaceId": WORKSPACE, "name": "W"}
    secret = {"bucket": "b", "credentials": {"aws_secret_access_key": "v3ry-s3cret"}}
    source = airbyte.add("source", name="orders", workspaceId=WORKSPACE, configuration=secret)
    bigquery = {"project_id": "p", "dataset_id": "d"}
    destination = airbyte.add("destination", name="warehouse", workspaceId=WORKSPACE, configuration=bigquery)
    streams = [{"name": "orders", "syncMode": "full_refresh_overwrite"}]
    ends = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    added = airbyte.add("connection", name="orders", configurations={"streams": streams}, **ends)
    return str(added["connectionId"])


def test_the_list_and_one_connection(airbyte: Fake) -> None:
    identity = filled(airbyte)
    airbyte.start(identity, "succeeded")
    airbyte.start(identity, "failed")
    [summary] = ask(lambda client: listing.connections(client, WORKSPACE))
    assert (summary.name, summary.source, summary.destination) == ("orders", "orders", "warehouse")
    assert (summary.state, summary.schedule) == ("failed", "by Dagster")
    found = ask(lambda client: connection.detail(client, identity))
    assert [job.status for job in found.jobs] == ["failed", "succeeded"]
    assert found.table(found.streams[0]) == "p.d.orders"
    assert "v3ry-s3cret" not in str(found)


def test_a_job_is_started_followed_and_cancelled(airbyte: Fake) -> None:
    identity = filled(airbyte)
    found = ask(lambda client: connection.detail(client, identity))
    started = ask(lambda client: actions.start_sync(client, found))
    found = ask(lambda client: connection.detail(client, identity))
    assert found.state == "queued", f"the status {started.status} of this generation waits"
    assert str(started.id) in actions.sync(found).refusal
    assert ask(lambda client: actions.cancel_job(client, started)).status == "cancelled"
    assert ask(lambda client: listing.connections(client, WORKSPACE))[0].state == "incomplete"


def test_what_the_source_offers_and_the_connectors(airbyte: Fake, tmp_path: Path) -> None:
    identity = filled(airbyte)
    path = tmp_path / "connections.yaml"
    path.write_text(FILE)
    found = ask(lambda client: connection.detail(client, identity))
    now = ask(lambda client: drift.discover(client, found.source.id))
    changes = drift.drift(found, now, declared.read(path)).changes
    assert any("a_new_column" in change for change in changes)
    assert "source-s3" in [one.name for one in ask(new_source.connectors)]
    with pytest.raises(ServiceError, match="404"):  # the fake runs no connector
        ask(lambda client: new_source.check(client, S3, {}, WORKSPACE))


def test_the_plan(airbyte: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    airbyte.workspaces[WORKSPACE] = {"workspaceId": WORKSPACE, "name": "W"}
    path = tmp_path / "connections.yaml"
    path.write_text(FILE)
    monkeypatch.setenv("CONNECTIONS_FILE", str(path))
    monkeypatch.setenv("BOOTSTRAP_STATE_DIR", str(tmp_path / "state"))
    found = ask(lambda client: plan.planned(client, Settings.read()))
    assert [(item.kind, str(item.action)) for item in found.differences] == [
        ("source", "create"),
        ("destination", "create"),
        ("connection", "create"),
    ]
    assert not airbyte.requests, "nothing was changed"


@pytest.mark.parametrize(("generation", "cloud"), [*((each, False) for each in GENERATIONS), ("2.x", True)])
def test_every_page_of_a_connection_in_the_external_mode(
    generation: str, cloud: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(FILE)
    with serve(generation, cloud=cloud) as fake:
        given = {"AIRBYTE_MODE": "external", "AIRBYTE_URL": fake.url, **fake.credentials}
        given |= {"CONNECTIONS_FILE": str(path)} | ({"AIRBYTE_PUBLIC_API_URL": fake.url + "/v1"} if cloud else {})
        given |= {"BOOTSTRAP_STATE_DIR": str(tmp_path / "state")}

        def text(page: Page, **parameters: str) -> str:
            return opened(monkeypatch, page, given, **parameters)

        fake.workspaces[WORKSPACE] = {"workspaceId": WORKSPACE, "name": "W"}
        assert "make apply would change 3 of" in text(changes.PAGE)
        identity = filled(fake)
        job = fake.start(identity, "succeeded")["jobId"]
        listed = text(connections.PAGE)
        assert all(fact in listed for fact in ("orders", "1 synced", "declared in connections.yaml:5")), listed
        for tab, fact in {"timeline": f"{job} sync", "schema": "orders", "settings": '"bucket": "b"'}.items():
            found = text(connection_page.PAGE, id=identity, tab=tab)
            assert fact in found
            assert "v3ry-s3cret" not in found
        if not cloud:  # Airbyte Cloud does not list its connectors
            assert "source-s3" in text(new_source_page.PAGE)


def test_airbyte_cloud_gives_no_reasons_of_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve("2.x", cloud=True) as fake:
        for name, value in {
            "AIRBYTE_URL": fake.url,
            "AIRBYTE_PUBLIC_API_URL": fake.url + "/v1",
            **fake.credentials,
        }.items():
            monkeypatch.setenv(name, value)
        identity = filled(fake)
        fake.start(identity, "failed")
        found = ask(lambda client: connection.detail(client, identity))
        assert [(job.status, job.failure) for job in found.jobs] == [("failed", "")]
