"""PyAirbyte's client of a remote Airbyte: a workspace, its connections, a sync and its results."""

from airbyte import cloud
from airbyte._util import api_util
from facts import WORLD, error_of, fact, print_facts

api_util.JOB_WAIT_INTERVAL_SECS = 0.2  # instead of 2 s


def client(secret: str) -> cloud.CloudClient:
    return cloud.CloudClient(
        client_id=WORLD["client_id"], client_secret=secret, public_api_root=f"{WORLD['url']}/api/public/v1"
    )


workspace = client(WORLD["client_secret"]).get_workspace(WORLD["workspace"])
workspace.connect()
fact("check", True)
fact("wrong credentials", error_of(client("wrong").get_workspace(WORLD["workspace"]).connect))
fact("connections", sorted(connection.connection_id for connection in workspace.list_connections()))
fact("sources", len(workspace.list_sources()))
fact("destinations", len(workspace.list_destinations()))

people = workspace.get_connection(WORLD["people"])
fact("streams", people.stream_names)
result = people.run_sync()
fact("sync", result.get_job_status().value)
fact("records", result.records_synced)
last = people.get_sync_result()
fact("last", last is not None and last.job_id == result.job_id)
fact("attempts", [(attempt.status, attempt.records_synced) for attempt in result.get_attempts()])
fact("log", result.get_attempts()[0].get_full_log_text())
fact("start", result.start_time)
fact("catalog", [stream["stream"]["name"] for stream in people.dump_raw_catalog()["streams"]])
fact("state", people.get_stream_state("people"))

broken = workspace.get_connection(WORLD["broken"])
fact("failed sync", error_of(broken.run_sync))
endless = workspace.get_connection(WORLD["endless"])
job = endless.run_sync(wait=False)
fact("running", job.get_job_status().value)
fact("second sync", error_of(endless.run_sync))
endless.cancel_sync()
fact("cancelled", job.wait_for_completion().value)
print_facts()
