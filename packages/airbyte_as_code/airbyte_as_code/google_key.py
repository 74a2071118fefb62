"""Finds a key of Google that Airbyte would refuse only when the first sync runs."""

from __future__ import annotations

import json
from typing import Any

from airbyte_as_code.airbyte_client import Json
from connections_file.expansion import UNKNOWN

CONNECTOR, FIELD = "destination-bigquery", "credentials_json"
FILE = "credentials_json: ${file:GOOGLE_APPLICATION_CREDENTIALS}"


def fault(connector: str, configuration: Json) -> str | None:
    """Return what is wrong with the key of a BigQuery destination. The text has no part of the key."""
    text = configuration.get(FIELD)
    if connector != CONNECTOR or not isinstance(text, str) or text in ("", UNKNOWN):
        return None
    if _is_key(text):
        return None
    return (
        f"{FIELD} is not a service account key of Google. Set it to the whole content of the key's JSON file, for "
        f"example {FILE} with the path of the file in this variable."
    )


def _is_key(text: str) -> bool:
    try:
        key: Any = json.loads(text)
    except ValueError:
        return False
    if not isinstance(key, dict):
        return False
    if key.get("type") == "authorized_user":  # of `gcloud auth application-default login`; airbyte-lite takes it
        return True
    secret = key.get("private_key")
    return bool(key.get("client_email")) and isinstance(secret, str) and "PRIVATE KEY" in secret
