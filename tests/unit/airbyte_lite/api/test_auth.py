import base64

import pytest

from airbyte_lite.api.auth import TOKEN_SECONDS, Authenticator
from airbyte_lite.settings import Settings

OPEN = Settings()
CLIENT = Settings(client_id="me", client_secret="sécret")
BASIC = Settings(username="ada", password="pass:word")
KEY = b"k" * 32


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def test_nothing_is_asked_when_nothing_is_configured() -> None:
    authenticator = Authenticator(OPEN, KEY)
    assert authenticator.allows(None)
    assert authenticator.allows("Bearer whatever")
    assert authenticator.issue("any", "thing")


def test_token_lives_fifteen_minutes() -> None:
    clock = Clock()
    authenticator = Authenticator(CLIENT, KEY, clock)
    token = authenticator.issue("me", "sécret")
    assert authenticator.allows(f"Bearer {token}")
    assert authenticator.allows(f"bearer {token}")
    clock.now += TOKEN_SECONDS - 1
    assert authenticator.allows(f"Bearer {token}")
    clock.now += 2
    assert not authenticator.allows(f"Bearer {token}")


def test_token_outlives_a_restart_but_not_a_change_of_the_secret() -> None:
    header = f"Bearer {Authenticator(CLIENT, KEY).issue('me', 'sécret')}"
    assert Authenticator(CLIENT, KEY).allows(header)
    changed = Settings(client_id="me", client_secret="other")
    assert not Authenticator(changed, KEY).allows(header)
    assert not Authenticator(CLIENT, b"x" * 32).allows(header)


def test_expiry_is_signed() -> None:
    authenticator = Authenticator(CLIENT, KEY)
    token = authenticator.issue("me", "sécret")
    assert token is not None
    _, nonce, signature = token.split(".")
    assert not authenticator.allows(f"Bearer 9999999999.{nonce}.{signature}")


@pytest.mark.parametrize(("name", "secret"), [("me", "wrong"), ("you", "sécret"), ("", ""), ("me", "")])
def test_wrong_client_gets_no_token(name: str, secret: str) -> None:
    assert Authenticator(CLIENT, KEY).issue(name, secret) is None


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Token x", basic("me", "sécret"), "Bearer é.é.é"],
)
def test_wrong_headers_do_not_pass_with_a_client(header: str | None) -> None:
    assert not Authenticator(CLIENT, KEY).allows(header)


def test_basic() -> None:
    authenticator = Authenticator(BASIC, KEY)
    assert authenticator.allows(basic("ada", "pass:word"))
    assert authenticator.issue("ada", "pass:word") is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        basic("ada", "wrong"),
        basic("bob", "pass:word"),
        basic("", ""),
        "Basic !!!",
        "Basic /w==",
        "Basic é",
        "Bearer x.y",
    ],
)
def test_wrong_headers_do_not_pass_with_basic(header: str | None) -> None:
    assert not Authenticator(BASIC, KEY).allows(header)
