"""Airbyte's own clients against airbyte-lite: the official SDK, and Dagster's workspace client as it comes."""

from collections.abc import Callable
from urllib.parse import urlsplit

import airbyte_api
import pytest
from airbyte_api import api, models
from dagster import Failure
from dagster_airbyte import AirbyteResource

from .dagster_workspace import dagster_workspace
from .running import RunningPlatform, Server
from .syncs import Syncs, s3_configuration

pytestmark = pytest.mark.filterwarnings("ignore:.*currently in beta:dagster.BetaWarning")
Put = Callable[[str, str | bytes], None]


@pytest.fixture
def connection(syncs: Syncs, s3: Server, bucket: str, put: Put, dataset: str) -> str:
    """A connection of one file with three rows."""
    put("people.csv", "id,name\n1,Ada\n2,Grace\n3,Edsger\n")
    source = s3_configuration(s3.url, bucket, "people", ["people.csv"])
    return syncs.connect(source, dataset, "incremental_deduped_history", "id")


@pytest.fixture
def workspace(syncs: Syncs, connection: str) -> str:
    """The workspace that the connection is in."""
    identity: str = syncs.call("GET", f"connections/{connection}")["workspaceId"]
    return identity


@pytest.fixture
def sdk(platform: RunningPlatform) -> airbyte_api.AirbyteAPI:
    """The official SDK; the server asks for no credentials, the SDK sends some."""
    credentials = models.SchemeClientCredentials(
        client_id="any", client_secret="any", token_url="/api/public/v1/applications/token"
    )
    return airbyte_api.AirbyteAPI(
        server_url=f"{platform.airbyte_url}/api/public/v1", security=models.Security(client_credentials=credentials)
    )


def test_sdk_reads_every_kind_of_object(
    sdk: airbyte_api.AirbyteAPI, syncs: Syncs, connection: str, workspace: str
) -> None:
    job = syncs.sync(connection)
    assert sdk.health.get_health_check().status_code == 200

    found = sdk.workspaces.get_workspace(request=api.GetWorkspaceRequest(workspace_id=workspace)).workspace_response
    assert found is not None
    assert found.workspace_id == workspace
    spaces = sdk.workspaces.list_workspaces(
        request=api.ListWorkspacesRequest(workspace_ids=[workspace])
    ).workspaces_response
    assert spaces is not None
    assert [row.workspace_id for row in spaces.data] == [workspace]

    destinations = sdk.destinations.list_destinations(request=api.ListDestinationsRequest(workspace_ids=[workspace]))
    assert destinations.destinations_response is not None
    [destination] = destinations.destinations_response.data
    assert isinstance(destination.configuration, models.DestinationBigquery)
    assert destination.configuration.project_id == "local-dev"

    connections = sdk.connections.list_connections(request=api.ListConnectionsRequest(workspace_ids=[workspace]))
    assert connections.connections_response is not None
    [row] = connections.connections_response.data
    assert (row.connection_id, row.status, row.schedule.schedule_type) == (connection, "active", "manual")
    assert row.configurations.streams is not None
    assert row.configurations.streams[0].sync_mode == models.ConnectionSyncModeEnum.INCREMENTAL_DEDUPED_HISTORY
    assert row.configurations.streams[0].primary_key == [["id"]]

    jobs = sdk.jobs.list_jobs(request=api.ListJobsRequest(connection_id=connection, job_type=models.JobTypeEnum.SYNC))
    assert jobs.jobs_response is not None
    [ran] = jobs.jobs_response.data
    assert (ran.job_id, ran.status, ran.rows_synced) == (job["jobId"], "succeeded", 3)
    assert ran.duration is not None
    assert ran.duration.startswith("PT")

    request = api.GetStreamPropertiesRequest(source_id=row.source_id, destination_id=destination.destination_id)
    streams = sdk.streams.get_stream_properties(request=request).stream_properties_response
    assert streams is not None
    assert (streams[0].stream_name, streams[0].source_defined_cursor_field) == ("people", True)
    assert ["name"] in (streams[0].property_fields or [])

    definitions = sdk.source_definitions.list_source_definitions(
        request=api.ListSourceDefinitionsRequest(workspace_id=workspace)
    ).definitions_response
    assert definitions is not None
    assert "airbyte/source-s3" in {definition.docker_repository for definition in definitions.data}


def test_sdk_makes_changes_and_deletes(
    sdk: airbyte_api.AirbyteAPI, syncs: Syncs, connection: str, workspace: str
) -> None:
    row = syncs.call("GET", f"connections/{connection}")
    patch = models.ConnectionPatchRequest(name="renamed", prefix="raw_")
    changed = sdk.connections.patch_connection(
        request=api.PatchConnectionRequest(connection_id=connection, connection_patch_request=patch)
    ).connection_response
    assert changed is not None
    assert (changed.name, changed.prefix) == ("renamed", "raw_")
    made = sdk.connections.create_connection(
        request=models.ConnectionCreateRequest(source_id=row["sourceId"], destination_id=row["destinationId"])
    ).connection_response
    assert made is not None
    assert made.configurations.streams is not None
    assert made.configurations.streams[0].sync_mode == models.ConnectionSyncModeEnum.FULL_REFRESH_OVERWRITE
    started = sdk.jobs.create_job(
        request=models.JobCreateRequest(connection_id=connection, job_type=models.JobTypeEnum.SYNC)
    ).job_response
    assert started is not None
    cancelled = sdk.jobs.cancel_job(request=api.CancelJobRequest(job_id=started.job_id)).job_response
    assert cancelled is not None
    assert cancelled.status in ("cancelled", "succeeded")
    assert sdk.sources.delete_source(request=api.DeleteSourceRequest(source_id=row["sourceId"])).status_code == 204
    left = sdk.connections.list_connections(
        request=api.ListConnectionsRequest(workspace_ids=[workspace])
    ).connections_response
    assert left is not None
    assert left.data == []


def test_dagster_reads_the_workspace(platform: RunningPlatform, connection: str, workspace: str) -> None:
    data = dagster_workspace(platform.airbyte_url, workspace).fetch_airbyte_workspace_data()
    [table] = data.to_airbyte_connection_table_props_data()
    assert (table.table_name, table.connection_id, table.destination_type) == ("people", connection, "bigquery")
    assert set(table.json_schema["properties"]) >= {"id", "name"}


def test_dagster_syncs_and_polls(
    platform: RunningPlatform,
    syncs: Syncs,
    connection: str,
    workspace: str,
    dataset: str,
) -> None:
    output = dagster_workspace(platform.airbyte_url, workspace).get_client().sync_and_poll(connection)
    assert output.job_details["status"] == "succeeded"
    assert (output.job_details["rowsSynced"], output.job_details["jobType"]) == (3, "sync")
    assert output.job_details["bytesSynced"] > 0
    assert output.connection_details["syncCatalog"]["streams"][0]["config"]["selected"] is True
    assert syncs.rows(f"select count(*) from {dataset}.people") == [(3,)]


def test_dagster_takes_over_a_running_sync(
    platform: RunningPlatform, syncs: Syncs, connection: str, workspace: str
) -> None:
    job = syncs.start(connection)
    client = dagster_workspace(platform.airbyte_url, workspace, poll_previous_running_sync=True).get_client()
    output = client.sync_and_poll(connection)
    assert output.job_details["status"] == "succeeded"
    assert output.job_details["jobId"] >= job


@pytest.mark.filterwarnings("ignore:.*superseded:dagster.SupersessionWarning")
def test_dagsters_older_resource_syncs_and_cancels(platform: RunningPlatform, syncs: Syncs, connection: str) -> None:
    """AirbyteResource uses the configuration API only."""
    where = urlsplit(platform.airbyte_url)
    resource = AirbyteResource(host=str(where.hostname), port=str(where.port), request_max_retries=0, poll_interval=0.1)
    details = resource.sync_and_poll(connection).job_details
    assert details["job"]["status"] == "succeeded"

    with pytest.raises(Failure, match="Timeout"):
        resource.sync_and_poll(connection, poll_interval=0.01, poll_timeout=0.001)
    [job] = syncs.call("GET", f"jobs?connectionId={connection}&orderBy=createdAt|DESC&limit=1")["data"]
    assert job["status"] == "cancelled"

    source = syncs.call("GET", f"connections/{connection}")["sourceId"]
    syncs.call("PATCH", f"sources/{source}", {"configuration": {"bucket": "there-is-no-such-bucket"}})
    quiet = resource.model_copy(update={"forward_logs": False})  # follows the job with jobs/list
    with pytest.raises(Failure, match="failed"):
        quiet.sync_and_poll(connection)
