"""How requests to Airbyte prove who sends them."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from bootstrap.errors import UserError
from bootstrap.settings import Settings

PUBLIC = "/api/public/v1"
TOKEN_PATH = "/applications/token"  # noqa: S105 - a path


class TokenAuth(httpx.Auth):
    """A bearer token for a client id and secret, fetched again when the server answers 401.

    Tokens live 15 minutes, those of Airbyte Cloud 3.
    """

    requires_response_body = True

    def __init__(self, public_api: str, client_id: str, client_secret: str) -> None:
        self._url = public_api + TOKEN_PATH
        self._application = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Send the request with the token, after a 401 again with a fresh one; raise UserError when it is refused.

        When the server is not well, what it said instead of a token is the answer.
        """
        if self._token is None and not (yield from self._fetch()):
            return
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and (yield from self._fetch()):
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _fetch(self) -> Generator[httpx.Request, httpx.Response, bool]:
        response = yield httpx.Request("POST", self._url, json=self._application)
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return False
        if response.status_code != httpx.codes.OK:
            raise UserError(
                f"Airbyte gave no token for this client id and secret (POST {self._url}: {response.status_code}).\n"
                "Check AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET (with abctl: `abctl local credentials`)."
            )
        try:
            self._token = response.json()["access_token"]
        except (ValueError, LookupError, TypeError) as error:
            raise UserError(
                f"{self._url} is not Airbyte's API: what it answered is no token.\n"
                "Correct AIRBYTE_URL: the address of Airbyte itself, without /api."
            ) from error
        return True


def authentication(settings: Settings) -> httpx.Auth | None:
    """Return client credentials, else basic authentication, else none, whichever the settings hold."""
    if settings.client_id and settings.client_secret:
        public_api = settings.public_api_url or settings.airbyte_url + PUBLIC
        return TokenAuth(public_api, settings.client_id, settings.client_secret)
    if settings.username and settings.password:
        return httpx.BasicAuth(settings.username, settings.password)
    return None
