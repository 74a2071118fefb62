"""The client of BigQuery or of its emulator. Needs the extra `bigquery`."""

from __future__ import annotations

from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery


def client(
    project: str, location: str | None = None, *, emulator: str | None = None, credentials: Any = None
) -> bigquery.Client:
    """Return a client: of the emulator at that address, or of Google BigQuery.

    Without credentials Google's own rules find some; raises google.auth's DefaultCredentialsError when there are none.
    The emulator asks for none.
    """
    if emulator:
        options = {"api_endpoint": emulator}
        return bigquery.Client(project, AnonymousCredentials(), location=location, client_options=options)
    return bigquery.Client(project, credentials, location=location)
