"""The client for BigQuery or its emulator. Needs the extra `bigquery`."""

from __future__ import annotations

from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery


class _Limited(bigquery.Client):
    """A client whose requests end: Google's has no time limit, and retries for 10 minutes."""

    request_seconds = 0.0

    def _call_api(self, retry: Any, *args: Any, **keywords: Any) -> Any:
        if keywords.get("timeout") is None:
            keywords["timeout"] = self.request_seconds
        if retry:
            retry = retry.with_deadline(self.request_seconds)
        return super()._call_api(retry, *args, **keywords)


def client(
    project: str,
    location: str | None = None,
    *,
    emulator: str | None = None,
    credentials: Any = None,
    request_seconds: float | None = None,
) -> bigquery.Client:
    """Return a client for the emulator at this address, or for Google BigQuery.

    Without `credentials`, Google's default credentials are used; raises google.auth's DefaultCredentialsError if none
    are found. The emulator needs no credentials. `request_seconds` limits each request that has no time limit of its
    own, and the time in which it is tried again.
    """
    kind = _Limited if request_seconds else bigquery.Client
    if emulator:
        options = {"api_endpoint": emulator}
        made = kind(project, AnonymousCredentials(), location=location, client_options=options)
    else:
        made = kind(project, credentials, location=location)
    if isinstance(made, _Limited) and request_seconds:
        made.request_seconds = request_seconds
    return made
