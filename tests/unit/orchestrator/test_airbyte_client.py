"""How the settings of the environment reach Airbyte's client."""

import pytest

from orchestrator.airbyte import Airbyte


@pytest.fixture
def resource(monkeypatch: pytest.MonkeyPatch) -> Airbyte:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"AIRBYTE_{name}", "")
    monkeypatch.setenv("AIRBYTE_URL", "http://airbyte:8000/")
    return Airbyte(workspace_id="w")


def test_empty_credentials_are_none_at_all(resource: Airbyte) -> None:
    client = resource.client()
    assert (client.client_id, client.client_secret, client.username, client.password) == (None, None, None, None)
    assert client.rest_api_base_url == "http://airbyte:8000/api/public/v1"
    assert client.configuration_api_base_url == "http://airbyte:8000/api/v1"


def test_a_running_sync_is_followed_and_starting_one_is_never_repeated(resource: Airbyte) -> None:
    client = resource.client()
    assert client.poll_previous_running_sync is True
    assert client.poll_interval == 0  # the client makes pauses that grow
    assert client.request_timeout >= 300


def test_credentials_are_not_part_of_the_configuration_that_the_ui_shows(
    resource: Airbyte, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRBYTE_CLIENT_ID", "some-id")
    monkeypatch.setenv("AIRBYTE_CLIENT_SECRET", "some-secret")
    assert resource.client().client_secret == "some-secret"
    assert "some-secret" not in repr(resource) + str(resource.model_dump())


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ({"CLIENT_ID": "i", "CLIENT_SECRET": "s"}, ("i", "s", None, None)),
        ({"USERNAME": "u", "PASSWORD": "p"}, (None, None, "u", "p")),
        ({"CLIENT_ID": "i", "CLIENT_SECRET": "s", "USERNAME": "u", "PASSWORD": "p"}, ("i", "s", None, None)),
    ],
)
def test_one_way_to_prove_who_we_are(
    resource: Airbyte, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], used: tuple[str | None, ...]
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"AIRBYTE_{name}", value)
    client = resource.client()
    assert (client.client_id, client.client_secret, client.username, client.password) == used
