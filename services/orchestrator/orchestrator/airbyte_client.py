"""dagster-airbyte's client, extended for answers of Airbyte that it does not handle."""

import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import requests
from dagster_airbyte.resources import AirbyteClient
from pydantic import PrivateAttr

# Between two looks at a job. A small sync takes 0.3 s; an hour's sync needs no more than a look every 5 s.
FIRST_PAUSE_SECONDS, PAUSE_FACTOR, LONGEST_PAUSE_SECONDS = 0.1, 1.2, 5.0
LONGEST_SYNC = timedelta(days=2)  # dagster-airbyte's limit for the duration of a sync
ACTIVE = {"pending", "running", "incomplete"}


class Refused(dg.Failure):
    """Airbyte answered 401; the description names the variables that hold the credentials."""


class Conflict(dg.Failure):
    """Airbyte answered 409; the description is its reason, for example that the connection is inactive."""


class Client(AirbyteClient):
    """Renews a refused token, accepts queued jobs, and finds the running job when its start seemed to fail.

    It looks at a running job after a pause that grows with each look. dagster-airbyte's own pause, `poll_interval`, is
    always the same, so it must be 0.

    Raises Refused and Conflict at once, with Airbyte's reason.
    """

    _has_started: bool = PrivateAttr(default=False)
    _pause_seconds: float = PrivateAttr(default_factory=lambda: FIRST_PAUSE_SECONDS)

    @property
    def has_started(self) -> bool:
        """Whether a job was started by this client; otherwise it has followed a job that was running already."""
        return self._has_started

    def start_sync_job(self, connection_id: str) -> Mapping[str, Any]:
        """Start a sync and return its job, or the job that is running already; raises Failure without either.

        Airbyte answers 409 while another sync of the connection runs. After a lost answer (500, a timeout) the job may
        have been started.
        """
        try:
            job = super().start_sync_job(connection_id)
        except dg.Failure:
            jobs = self.get_jobs_for_connection(connection_id, created_after=datetime.now() - LONGEST_SYNC)
            running = [job.id for job in jobs if job.status in ACTIVE and job.type == "sync"]
            if len(running) != 1:
                raise
            return self.get_job_details(running[0])
        self._has_started = True
        return job

    def get_job_details(self, job_id: int) -> Mapping[str, Any]:
        """Return a job, after a pause. Each look makes the next pause longer."""
        # Dagster interrupts the pause when it ends the run; dagster-airbyte cancels the job then.
        time.sleep(self._pause_seconds)
        self._pause_seconds = min(self._pause_seconds * PAUSE_FACTOR, LONGEST_PAUSE_SECONDS)
        return super().get_job_details(job_id)

    def _single_request(
        self,
        method: str,
        url: str,
        data: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        include_additional_request_headers: bool = True,
    ) -> Mapping[str, Any]:
        arguments = method, url, data, params, include_additional_request_headers
        try:
            answer = super()._single_request(*arguments)
        except Refused:
            if self._access_token_value is None:  # no token is used: user name and password, or no credentials
                raise
            # The token ended before dagster-airbyte's 150 s: it was revoked, or Airbyte restarted with another key.
            self._access_token_value = None
            answer = super()._single_request(*arguments)
        # Airbyte 2 calls a waiting job "queued". dagster-airbyte cancels jobs with a status that it does not know.
        for job in (answer, *(answer.get("data") or [])):
            if "jobId" in job and job.get("status") == "queued":
                job["status"] = "pending"
        return answer

    def _get_session(self, include_additional_request_headers: bool) -> requests.Session:
        session = super()._get_session(include_additional_request_headers)
        # dagster-airbyte repeats failed requests unchanged, which is useless after a 401 or a 409, and does not show
        # the reason in the answer. A Failure ends its loop.
        session.hooks["response"] += [self._raise_if_refused, self._raise_if_conflict]
        return session

    def _raise_if_refused(self, response: requests.Response, **_: object) -> None:
        if response.status_code == requests.codes.unauthorized:
            who = "CLIENT_ID and AIRBYTE_CLIENT_SECRET" if self.client_id else "USERNAME and AIRBYTE_PASSWORD"
            raise Refused(
                f"Airbyte refuses our credentials: {response.request.method} {response.url} was answered with 401 "
                f"({self._reason(response)}). Check AIRBYTE_{who} (on Docker in .env, then make up)."
            )

    def _raise_if_conflict(self, response: requests.Response, **_: object) -> None:
        if response.status_code == requests.codes.conflict:
            try:
                content = response.json()
            except ValueError:
                content = None
            known = content if isinstance(content, dict) else {}
            raise Conflict(str(known.get("detail") or known.get("message") or response.text[:200]))

    def _reason(self, response: requests.Response) -> str:
        """Return the server's message unless it contains a secret, because Dagster stores and shows it."""
        secrets = [secret for secret in (self.client_secret, self.password) if secret]
        if any(text in response.text for secret in secrets for text in (secret, json.dumps(secret)[1:-1])):
            return "the answer contains them and is not shown"
        return response.text[:200]
