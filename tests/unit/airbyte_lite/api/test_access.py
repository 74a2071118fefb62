"""Who is answered: everybody, by the server's own names only; or those with credentials or a token."""

import base64
from typing import Any

import pytest

from airbyte_lite.api.app import create_app
from airbyte_lite.api.services import Services
from airbyte_lite.settings import Settings

from .airbyte_answers import CONFIGURATION, PUBLIC


def test_health_needs_no_authentication(settings: Settings, client_of: Any) -> None:
    services = Services.open(settings.model_copy(update={"client_id": "me", "client_secret": "s"}))
    client = client_of(create_app(services))
    assert client.get(f"{PUBLIC}/health").text == "Successful operation"
    assert client.get(f"{CONFIGURATION}/health").json() == {"available": True}
    refused = client.get(f"{PUBLIC}/workspaces")
    assert (refused.status_code, refused.json()["title"]) == (401, "unauthorized")
    assert refused.headers["www-authenticate"] == "Bearer, Basic"
    assert "message" in client.post(f"{CONFIGURATION}/connections/get", json={}).json()
    services.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("airbyte-lite:8000", 200),
        ("evil.example:8000", 403),
        ("localhost.evil.example", 403),
        ("localhost@evil.example", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_open_server_answers_for_its_own_names_only(settings: Settings, client_of: Any, host: str, status: int) -> None:
    services = Services.open(settings.model_copy(update={"host": "airbyte-lite"}))
    answer = client_of(create_app(services)).get(f"{PUBLIC}/workspaces", headers={"Host": host})
    assert answer.status_code == status
    if status == 403:
        assert "127.0.0.1, ::1, airbyte-lite, localhost" in answer.json()["message"]
    services.close()


def test_server_with_credentials_answers_for_every_name(settings: Settings, client_of: Any) -> None:
    services = Services.open(settings.model_copy(update={"username": "ada", "password": "x"}))
    client = client_of(create_app(services))
    headers = {"Host": "airbyte.example.com", "Authorization": "Basic YWRhOng="}
    assert client.get(f"{PUBLIC}/workspaces", headers=headers).status_code == 200
    services.close()


def test_kind_of_authentication_is_told_to_everybody(settings: Settings, client_of: Any) -> None:
    services = Services.open(settings.model_copy(update={"username": "ada", "password": "x"}))
    answer = client_of(create_app(services)).get(f"{CONFIGURATION}/instance_configuration")
    assert (answer.status_code, answer.json()["auth"]) == (200, {"mode": "simple"})
    services.close()


@pytest.mark.parametrize("encoding", ["json", "data"])
@pytest.mark.parametrize("api_path", [PUBLIC, CONFIGURATION])  # Airbyte's documentation names both
def test_token_as_json_and_as_form(settings: Settings, client_of: Any, encoding: str, api_path: str) -> None:
    services = Services.open(settings.model_copy(update={"client_id": "me", "client_secret": "s&cret=1"}))
    client = client_of(create_app(services))
    path = f"{api_path}/applications/token"
    given = {"client_id": "me", "client_secret": "s&cret=1", "grant_type": "client_credentials"}
    answer = client.post(path, **{encoding: given}).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert client.get(f"{PUBLIC}/workspaces", headers=headers).status_code == 200
    assert client.post(path, **{encoding: {"client_id": "me", "client_secret": "no"}}).status_code == 401
    assert client.post(path, **{encoding: {"client_id": "me"}}).status_code == 422
    assert "password" in client.post(path, **{encoding: given | {"grant_type": "password"}}).json()["message"]
    wrong = client.post(path, json=given | {"grant_type": ["client_credentials"]})
    assert (wrong.status_code, "grant type" in wrong.json()["message"]) == (422, True)
    assert client.post(path, content=b"\xff", headers={"content-type": "application/json"}).status_code == 422
    services.close()


def test_basic_authentication_takes_names_and_passwords_beyond_ascii(settings: Settings, client_of: Any) -> None:
    services = Services.open(settings.model_copy(update={"username": "ada", "password": "pässword"}))
    client = client_of(create_app(services))
    for password, status in (("pässword", 200), ("password", 401)):
        header = "Basic " + base64.b64encode(f"ada:{password}".encode()).decode()
        assert client.get(f"{PUBLIC}/workspaces", headers={"Authorization": header}).status_code == status
    services.close()
