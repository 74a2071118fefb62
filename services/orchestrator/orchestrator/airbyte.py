"""Airbyte, through dagster-airbyte's client: finding a connection by its name, running a sync, explaining a failure."""

import re
import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_airbyte.resources import AirbyteClient

from orchestrator.airbyte_client import Client, Conflict, Refused
from orchestrator.settings import Settings

# Starting a job can take minutes on a busy Airbyte. A request that times out is sent again and could start a second
# job.
REQUEST_TIMEOUT_SECONDS = 600
REQUEST_RETRIES, REQUEST_RETRY_SECONDS = 3, 0.25
LOG_LINES = 30  # of a failed job, shown in the error
TRACE = "Traceback (most recent call last):"


class Airbyte(dg.ConfigurableResource):  # type: ignore[type-arg]  # the parameter is for resources that wrap a value
    """The Airbyte workspace. Address and credentials are read at each use, so Dagster's UI does not show them."""

    workspace_id: str

    def client(self) -> Client:
        """Return a client of the workspace's two APIs; sends nothing."""
        settings = Settings.read()
        url = settings.airbyte_url
        # On Airbyte Cloud the public API has another address.
        public = settings.public_api_url or f"{url}/api/public/v1"
        application = settings.client_id, settings.client_secret
        # dagster-airbyte takes one kind of credentials only. If both are set, bootstrap uses the application's as well.
        login = (None, None) if all(application) else (settings.username, settings.password)
        with warnings.catch_warnings():
            # The warning says that dagster-airbyte is in beta; its version is locked.
            warnings.simplefilter("ignore", dg.BetaWarning)
            return Client(
                rest_api_base_url=public,
                configuration_api_base_url=f"{url}/api/v1",
                workspace_id=self.workspace_id,
                client_id=application[0],
                client_secret=application[1],
                username=login[0],
                password=login[1],
                request_max_retries=REQUEST_RETRIES,
                request_retry_delay=REQUEST_RETRY_SECONDS,
                request_timeout=REQUEST_TIMEOUT_SECONDS,
                poll_interval=0,  # the client pauses itself
                # A sync that somebody else started, or that an interrupted run left behind, is followed to its end.
                poll_previous_running_sync=True,
            )

    def sync(self, connection_name: str) -> Mapping[str, Any]:
        """Run a connection's sync to its end and return Airbyte's job; raises Failure with the reason.

        `isFollowed` in it is True if the job was running already. It may not have read files that exist now.
        """
        client = self.client()
        connection_id = find_connection(client, connection_name)
        try:
            details = client.sync_and_poll(connection_id).job_details
            return {**details, "isFollowed": not client.has_started}
        except Conflict as conflict:
            raise dg.Failure(
                f"Airbyte did not start the sync of {connection_name!r}: {conflict.description} If the connection is "
                "paused, make plan shows its state and reason, and make apply sets it to active; then run again."
            ) from None  # its description is in this one
        except dg.Failure as failure:
            raise explain(client, connection_name, failure) from None  # its description is in this one


def find_connection(client: AirbyteClient, name: str) -> str:
    """Return the id of the connection with this name; raises Failure unless Airbyte has exactly one."""
    try:
        connections = client.get_connections()
    except Refused:
        raise
    except dg.Failure as failure:
        raise dg.Failure(
            f"Airbyte gave no answer, or an unexpected one, at {client.rest_api_base_url}: {failure.description} "
            "Is it running, and are AIRBYTE_URL and its credentials right? Each attempt is in the log above."
        ) from failure
    ids = [str(connection["connectionId"]) for connection in connections if connection["name"] == name]
    if len(ids) == 1:
        return ids[0]
    if not ids:
        found, remedy = "there is no connection", "Create what connections.yaml declares: make apply"
    else:
        found, remedy = f"there are {len(ids)} connections", "Rename all but one of them in Airbyte, then run again."
    raise dg.Failure(f"In Airbyte {found} called {name!r} (workspace {client.workspace_id}). {remedy}")


def explain(client: AirbyteClient, connection_name: str, failure: dg.Failure) -> dg.Failure:
    """Return the failure with the job's reason and its last log lines, if Airbyte returns them.

    Without stack traces: with them, the reason is a hundred lines above the end.
    """
    description = failure.description or "The sync failed"
    job = re.search(r"Job (?:failed|was cancelled): (\d+)", description)
    if not job:
        return failure
    try:
        # jobs/get of the configuration API: the public API returns the status only.
        details = client._single_request(
            "POST", f"{client.configuration_api_base_url}/jobs/get", data={"id": int(job[1])}
        )
    except dg.Failure:
        details = {}
    reasons, lines = failure_reasons(details), log_lines(details)
    parts = [f"Airbyte's sync of {connection_name!r} did not succeed ({description}).", *reasons]
    if lines:
        parts.append("The end of the job's log:\n" + "\n".join(map(without_trace, lines[-LOG_LINES:])))
    return dg.Failure("\n".join(parts), metadata={"airbyte_job_id": int(job[1])})


def failure_reasons(details: Mapping[str, Any]) -> list[str]:
    """Return the error messages of the job's last attempt."""
    summary = _last_attempt(details).get("attempt", {}).get("failureSummary") or {}
    messages = [item.get("externalMessage") or item.get("internalMessage") for item in summary.get("failures", [])]
    return [str(message) for message in messages if message]


def log_lines(details: Mapping[str, Any]) -> list[str]:
    """Return the log of the job's last attempt."""
    lines = (_last_attempt(details).get("logs") or {}).get("logLines") or []
    return [str(line) for line in lines]


def without_trace(entry: str) -> str:
    """Return a log entry without its stack trace; of an entry that is only a trace, its last line."""
    above, trace, below = entry.partition(TRACE)
    if not trace:
        return entry
    last = below.rstrip().rpartition("\n")[2]
    return above.rstrip() if "\n" in above else f"{above}{last}"


def _last_attempt(details: Mapping[str, Any]) -> Mapping[str, Any]:
    attempts = details.get("attempts") or [{}]
    last: Mapping[str, Any] = attempts[-1]
    return last
