"""The fake itself: the official SDK, which is made from Airbyte's OpenAPI, reads its answers as Airbyte 2.

The SDK's models know 2.x only: 0.63.19 lacks fields that they require (createdAt, definitionId, tags).
"""

from collections.abc import Iterator

import airbyte_api
import pytest
from airbyte_api import api, models
from pydantic import BaseModel

from .airbyte_fake import CLIENT, Fake, serve

WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
# Names only: to import the models of the sources takes two seconds, in each worker.
MODELS = {
    "workspace": "WorkspaceResponse",
    "source": "SourceResponse",
    "destination": "DestinationResponse",
    "connection": "ConnectionResponse",
    "stream": "StreamConfiguration",
    "job": "JobResponse",
}


@pytest.fixture
def airbyte() -> Iterator[Fake]:
    with serve("2.x") as fake:
        fake.workspaces[WORKSPACE] = {
            "workspaceId": WORKSPACE,
            "name": "w",
            "dataResidency": "auto",
            "notifications": {},
        }
        yield fake


@pytest.fixture
def sdk(airbyte: Fake) -> airbyte_api.AirbyteAPI:
    credentials = models.SchemeClientCredentials(token_url="/api/public/v1/applications/token", **CLIENT)
    security = models.Security(client_credentials=credentials)
    return airbyte_api.AirbyteAPI(server_url=f"{airbyte.url}/api/public/v1", security=security)


@pytest.mark.parametrize("kind", MODELS)
def test_shapes_are_the_sdks(airbyte: Fake, kind: str) -> None:
    model: type[BaseModel] = getattr(models, MODELS[kind])
    fields = {field.alias or name: field.is_required() for name, field in model.model_fields.items()}
    named = set(airbyte.shapes["answers"][kind])
    assert named - set(fields) == set()
    assert {name for name, required in fields.items() if required} - named == set()


def test_statuses_are_the_sdks(airbyte: Fake) -> None:
    assert set(airbyte.shapes["job_statuses"]) == {status.value for status in models.JobStatusEnum}


def test_the_sdk_reads_every_kind_of_object(airbyte: Fake, sdk: airbyte_api.AirbyteAPI) -> None:
    # Secrets are masked. The SDK chooses the model by the type in the configuration.
    bigquery = {"project_id": "p", "dataset_id": "d", "dataset_location": "US", "credentials_json": "{}"}
    destination = airbyte.add("destination", name="d", workspaceId=WORKSPACE, configuration=bigquery)
    found = sdk.destinations.list_destinations(request=api.ListDestinationsRequest(workspace_ids=[WORKSPACE]))
    assert found.destinations_response is not None
    [read] = found.destinations_response.data
    assert isinstance(read.configuration, models.DestinationBigquery)
    assert read.configuration.credentials_json == "**********"

    source = airbyte.add("source", name="s", workspaceId=WORKSPACE, configuration={"bucket": "b", "streams": []})
    ids = {"source_id": source["sourceId"], "destination_id": destination["destinationId"]}
    stream = models.StreamConfiguration(name="t", sync_mode=models.ConnectionSyncModeEnum.INCREMENTAL_APPEND)
    request = models.ConnectionCreateRequest(
        name="c", **ids, configurations=models.StreamConfigurations(streams=[stream])
    )
    connection = sdk.connections.create_connection(request=request).connection_response
    assert connection is not None
    assert connection.configurations.streams is not None
    assert connection.configurations.streams[0].cursor_field == ["_ab_source_file_last_modified"]

    body = models.JobCreateRequest(connection_id=connection.connection_id, job_type=models.JobTypeEnum.SYNC)
    job = sdk.jobs.create_job(request=body).job_response
    assert job is not None
    assert job.status == models.JobStatusEnum.QUEUED
    assert airbyte.undocumented == []
