"""The credentials that the BigQuery destination accepts; no test sends them."""

import json
from typing import Any

import pytest
from google.oauth2 import credentials as user_credentials

from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.warehouse import Warehouse

# As `gcloud auth application-default login` writes it.
USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}


def connect(key: Any) -> Any:
    configuration = {"project_id": "p", "dataset_id": "d", "dataset_location": "EU", "credentials_json": key}
    return Warehouse(configuration, None).client


@pytest.mark.parametrize("key", [USER, json.dumps(USER)])
def test_application_default_credentials_of_a_user(key: Any) -> None:
    client = connect(key)
    assert isinstance(client._credentials, user_credentials.Credentials)
    assert client._credentials.refresh_token == "r"
    assert (client.project, client.location) == ("p", "EU")


@pytest.mark.parametrize(
    "key",
    ["not JSON: top", "[]", '"top"', '{"type": "authorized_user", "refresh_token": "top"}', '{"private_key": "top"}'],
)
def test_what_is_no_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(SyncError, match="credentials_json is not a service account key") as caught:
        connect(key)
    assert caught.value.failure_type == "config_error"
    assert "top" not in str(caught.value)
