"""Authentication: a bearer token, issued for a client id and secret, or basic authentication.

Tokens are JSON Web Tokens with the claims of Airbyte's. They are signed and not stored, so a restart of the server
does not invalidate them. A token is valid for 15 minutes ("Applications" in Airbyte's API documentation).
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable

import jwt
from jwt.types import Options

from airbyte_lite.api.instance import USER, base_url
from airbyte_lite.settings import Settings

TOKEN_SECONDS = 15 * 60
ALGORITHM = "HS256"
AUDIENCE = "airbyte-server"  # as in Airbyte's tokens


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


class Authenticator:
    """Issues tokens and checks Authorization headers. All comparisons take constant time."""

    def __init__(self, settings: Settings, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        # The key depends on the credentials: changing the credentials invalidates every token.
        self._key = hmac.digest(key, f"{settings.client_id}\0{settings.client_secret}".encode(), "sha256")

    def issue(self, client_id: str, client_secret: str) -> str | None:
        """Return a token that is valid for 15 minutes, or None if the credentials are wrong."""
        settings = self._settings
        if settings.authenticated:
            id_matches = _equal(client_id, settings.client_id or "")
            secret_matches = _equal(client_secret, settings.client_secret or "")
            if settings.client_id is None or not (id_matches & secret_matches):
                return None
        claims = {
            "iss": base_url(settings),
            "aud": AUDIENCE,
            "sub": USER,
            "roles": ["ADMIN"],
            "exp": int(self._clock()) + TOKEN_SECONDS,
        }
        return jwt.encode(claims, self._key, ALGORITHM)

    def allows(self, authorization: str | None) -> bool:
        """Return whether the Authorization header is valid. Without configured credentials, every request is."""
        if not self._settings.authenticated:
            return True
        scheme, _, credentials = (authorization or "").partition(" ")
        if scheme.lower() == "bearer":
            return self._settings.client_id is not None and self._token_is_valid(credentials.strip())
        if scheme.lower() == "basic":
            return self._settings.username is not None and self._password_is_valid(credentials.strip())
        return False

    def _token_is_valid(self, token: str) -> bool:
        # The issuer is not checked: the server keeps its key when its host or port changes.
        options: Options = {"verify_exp": False, "require": ["exp"]}
        try:
            claims = jwt.decode(token, self._key, [ALGORITHM], options, audience=AUDIENCE)
        except jwt.InvalidTokenError:
            return False
        return int(claims["exp"]) > self._clock()

    def _password_is_valid(self, credentials: str) -> bool:
        try:
            username, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:  # invalid Base64 or UTF-8
            return False
        name_matches = _equal(username, self._settings.username or "")
        password_matches = _equal(password, self._settings.password or "")
        return name_matches & password_matches
