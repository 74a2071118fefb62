"""Which S3 a client talks to, with which keys."""

import boto3
import pytest

from platform_kit import s3

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-west-1"}


@pytest.fixture(autouse=True)
def no_session_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:4566"}, "http://127.0.0.1:4566"),
        (
            {"AWS_ENDPOINT_URL_S3": "http://localstack:4566", "AWS_ENDPOINT_URL": "http://other:1"},
            "http://localstack:4566",
        ),
        ({"AWS_ENDPOINT_URL_S3": "https://s3.example.com"}, "https://s3.example.com"),
        ({"AWS_ENDPOINT_URL_S3": "http://s3.example.com"}, "http://s3.example.com"),  # port 80
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000/s3"}, "http://127.0.0.1:9000/s3"),
        ({"AWS_ENDPOINT_URL_S3": "http://[::1]:4566"}, "http://[::1]:4566"),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:4566", "USE_SSL": "1"}, "http://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL_S3": ""}, "https://s3.eu-west-1.amazonaws.com"),
    ],
)
def test_the_address(given: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (KEYS | given).items():
        monkeypatch.setenv(name, value)
    client = s3.client()
    assert (client.meta.endpoint_url, client.meta.region_name) == (address, "eu-west-1")
    credentials = client._request_signer._credentials  # type: ignore[attr-defined] # what it signs with
    assert (credentials.access_key, credentials.secret_key) == ("key", "secret")


def test_temporary_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (KEYS | {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000", "AWS_SESSION_TOKEN": "token"}).items():
        monkeypatch.setenv(name, value)
    credentials = s3.client()._request_signer._credentials  # type: ignore[attr-defined] # what it signs with
    assert credentials.token == "token"


def test_an_environment_that_is_not_the_process_own() -> None:
    client = s3.client(KEYS | {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1234"})
    assert client.meta.endpoint_url == "http://127.0.0.1:1234"


def test_a_client_is_kept_until_its_variables_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4566")
    kept = s3.kept_client()
    monkeypatch.setenv("SOMETHING_ELSE", "1")
    assert s3.kept_client() is kept
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4567")
    assert s3.kept_client().meta.endpoint_url == "http://127.0.0.1:4567"
