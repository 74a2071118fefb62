"""Older releases of the official SDK. The newest is in the tests' own environment: test_airbyte_api_clients.py."""

import importlib
import importlib.util
import time
from typing import Any

from facts import WORLD, error_of, fact, print_facts

if OLD := importlib.util.find_spec("airbyte_api") is None:  # before 0.49: no tokens and no health
    api = importlib.import_module("airbyte.models.operations")
    models = importlib.import_module("airbyte.models.shared")
    make = importlib.import_module("airbyte").Airbyte
else:
    api, models = importlib.import_module("airbyte_api.api"), importlib.import_module("airbyte_api.models")
    make = importlib.import_module("airbyte_api").AirbyteAPI


def client(secret: str | None = None) -> Any:
    url = f"{WORLD['url']}/api/public/v1"
    if OLD:
        user = models.SchemeBasicAuth(username=WORLD["username"], password=secret or WORLD["password"])
        return make(server_url=url, security=models.Security(basic_auth=user))
    credentials = models.SchemeClientCredentials(
        client_id=WORLD["client_id"],
        client_secret=secret or WORLD["client_secret"],
        token_url=f"{url}/applications/token",
    )
    return make(server_url=url, security=models.Security(client_credentials=credentials))


sdk = client()


def start(name: str) -> int:
    body = models.JobCreateRequest(connection_id=WORLD[name], job_type=models.JobTypeEnum.SYNC)
    return int(sdk.jobs.create_job(request=body).job_response.job_id)


def job(number: int) -> Any:
    return sdk.jobs.get_job(request=api.GetJobRequest(job_id=number)).job_response


def ended(number: int) -> Any:
    while (found := job(number)).status.value in ("pending", "queued", "running"):
        time.sleep(0.1)
    return found


if not OLD:
    fact("check", sdk.health.get_health_check().status_code == 200)
spaces = [WORLD["workspace"]]
listing = api.ListConnectionsRequest(workspace_ids=spaces)
fact("wrong credentials", error_of(lambda: client("wrong").connections.list_connections(request=listing)))
connections = sdk.connections.list_connections(request=listing).connections_response.data
fact("connections", sorted(connection.connection_id for connection in connections))
sources = sdk.sources.list_sources(request=api.ListSourcesRequest(workspace_ids=spaces)).sources_response.data
fact("sources", [source.source_type for source in sources])
found = sdk.destinations.list_destinations(request=api.ListDestinationsRequest(workspace_ids=spaces))
fact("destinations", [type(destination.configuration).__name__ for destination in found.destinations_response.data])
done = ended(start("people"))
fact("sync", done.status.value)
fact("records", done.rows_synced)
fact("failed sync", ended(start("broken")).status.value)
endless = start("endless")
fact("running", job(endless).status.value)
fact("second sync", error_of(lambda: start("endless")))
sdk.jobs.cancel_job(request=api.CancelJobRequest(job_id=endless))
fact("cancelled", job(endless).status.value)
jobs = sdk.jobs.list_jobs(request=api.ListJobsRequest(connection_id=WORLD["endless"])).jobs_response.data
fact("jobs", jobs[-1].job_id == endless)
print_facts()
