"""Waits for a moment between jobs, in which what is copied is complete."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Mapping

from tools import dagster_run
from tools.backup.content import BackupError
from tools.direct import open_url

WAIT_SECONDS = 600.0
PAUSE_SECONDS = 1.0
RUNS = """{ runsOrError(filter: {statuses: [STARTED, STARTING, CANCELING]}, limit: 100) {
  ... on Runs { results { runId } } } }"""


def busy(airbyte: str, dagster: str, settings: Mapping[str, str]) -> list[str]:
    """Return what works now: Airbyte's jobs and Dagster's runs. An empty address is not asked. Raises OSError.

    The settings have Airbyte's client id and secret, if it asks for them.
    """
    found = []
    headers = _authorization(airbyte, settings) if airbyte else {}
    for status in ("running", "pending") if airbyte else ():
        request = urllib.request.Request(f"{airbyte}/api/public/v1/jobs?status={status}&limit=100", headers=headers)
        with open_url(request, timeout=30) as answer:
            found += [f"Airbyte's job {job['jobId']}" for job in json.load(answer)["data"]]
    if dagster:
        runs = dagster_run.query(dagster, RUNS)["runsOrError"].get("results", [])
        found += [f"Dagster's run {run['runId'][:8]}" for run in runs]
    return found


def _authorization(airbyte: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the header of a request to Airbyte, with a new token; empty without credentials."""
    application = {
        "client_id": settings.get("AIRBYTE_CLIENT_ID"),
        "client_secret": settings.get("AIRBYTE_CLIENT_SECRET"),
    }
    if not all(application.values()):
        return {}
    body = json.dumps({**application, "grant_type": "client_credentials"}).encode()
    url, kind = f"{airbyte}/api/public/v1/applications/token", {"Content-Type": "application/json"}
    with open_url(urllib.request.Request(url, body, kind), timeout=30) as answer:
        return {"Authorization": f"Bearer {json.load(answer)['access_token']}"}


def wait_for_quiet(working: Callable[[], list[str]], seconds: float = WAIT_SECONDS) -> None:
    """Wait until nothing works. Raises BackupError after so many seconds."""
    deadline = time.monotonic() + seconds
    said = False
    while found := _asked(working):
        if time.monotonic() > deadline:
            raise BackupError(
                f"{', '.join(found[:5])} still work after {seconds:.0f} s, and a backup needs a moment between jobs. "
                "Wait for their end or cancel them, then run again: make backup"
            )
        if not said:
            print(f"  waiting for {', '.join(found[:5])}", flush=True)
            said = True
        time.sleep(PAUSE_SECONDS)


def _asked(working: Callable[[], list[str]]) -> list[str]:
    try:
        return working()
    except (OSError, dagster_run.DagsterRunError) as error:
        raise BackupError(
            f"Airbyte or Dagster does not answer ({error}), so it is not known whether a job runs. Look at make "
            "ps or at the terminal of make dev, then run again: make backup"
        ) from error
