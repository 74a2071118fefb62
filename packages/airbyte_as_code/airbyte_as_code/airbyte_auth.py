"""Authentication of the requests to Airbyte."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from airbyte_as_code.access import Access
from airbyte_as_code.errors import UserError

PUBLIC = "/api/public/v1"
TOKEN_PATH = "/applications/token"  # noqa: S105 - a path


class TokenAuth(httpx.Auth):
    """A bearer token for a client id and secret. A 401 answer makes it fetch a new token.

    A token is valid for 15 minutes, in Airbyte Cloud for 3 minutes.
    """

    requires_response_body = True

    def __init__(self, public_api: str, client_id: str, client_secret: str) -> None:
        self._url = public_api + TOKEN_PATH
        self._application = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Send the request with the token; after a 401, send it again with a new token.

        Raises UserError if Airbyte refuses client id or secret. If the request for the token ends with 429 or a server
        error, that answer is the answer.
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
                f"Airbyte refused this client id or secret (POST {self._url}: {response.status_code}).\n"
                "Check AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET (with abctl: `abctl local credentials`)."
            )
        try:
            self._token = response.json()["access_token"]
        except (ValueError, LookupError, TypeError) as error:
            raise UserError(
                f"{self._url} is not Airbyte's API: the answer has no token.\n"
                "Set AIRBYTE_URL to the address of Airbyte without /api."
            ) from error
        return True


def authentication(access: Access) -> httpx.Auth | None:
    """Return the authentication for this access: client id and secret, else user name and password, else None."""
    if access.client_id and access.client_secret:
        public_api = access.public_api_url or access.airbyte_url + PUBLIC
        return TokenAuth(public_api, access.client_id, access.client_secret)
    if access.username and access.password:
        return httpx.BasicAuth(access.username, access.password)
    return None
