"""The client for BigQuery or its emulator. Needs the extra `bigquery`."""

from __future__ import annotations

from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery


def client(
    project: str, location: str | None = None, *, emulator: str | None = None, credentials: Any = None
) -> bigquery.Client:
    """Return a client for the emulator at this address, or for Google BigQuery.

    Without `credentials`, Google's default credentials are used; raises google.auth's DefaultCredentialsError if none
    are found. The emulator needs no credentials.
    """
    if emulator:
        options = {"api_endpoint": emulator}
        return bigquery.Client(project, AnonymousCredentials(), location=location, client_options=options)
    return bigquery.Client(project, credentials, location=location)
