"""Client for the requests to Airbyte that plan and apply need: public API, and configuration API for connectors."""

from __future__ import annotations

import builtins
import json
import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from operator import itemgetter
from types import TracebackType
from typing import Any, Self

import httpx

from airbyte_as_code.access import Access
from airbyte_as_code.airbyte_auth import PUBLIC, authentication
from airbyte_as_code.errors import UserError
from platform_kit.redaction import Redactor

type Json = dict[str, Any]

CONFIGURATION = "/api/v1"
DEFAULT_ORGANIZATION = "00000000-0000-0000-0000-000000000000"
# The answers for a resource that does not exist, or that these credentials may not see or use.
WITHHELD = {httpx.codes.NOT_FOUND, httpx.codes.FORBIDDEN}
PAUSES = (1.0, 2.0, 4.0)  # seconds between attempts: a server that has just started can answer 500
PAGE = 100  # the most objects in one answer of the public API
TIMEOUT = httpx.Timeout(60, connect=5)
# To create a connection, Airbyte discovers the schema and may pull the connector's image: up to 15 minutes.
DISCOVERY_TIMEOUT = httpx.Timeout(900, connect=5)


class Kind(StrEnum):
    """The kinds of objects in a workspace, in the order in which they can be created."""

    SOURCE = "source"
    DESTINATION = "destination"
    CONNECTION = "connection"

    @property
    def id_field(self) -> str:
        """The field that holds an object's id."""
        return f"{self}Id"


class AirbyteError(UserError):
    """A request that Airbyte refused or did not answer; `status` is None without an answer."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def may_have_worked(self) -> bool:
        """Whether the request may have taken effect, so that the caller must look before it sends the request again.

        Status 200 is possible: a proxy can replace the answer to a request that worked by a page of its own.
        """
        return (
            self.status is None
            or httpx.codes.is_success(self.status)
            or self.status >= httpx.codes.INTERNAL_SERVER_ERROR
        )


class AirbyteClient:
    """Client of one Airbyte server. Every method raises AirbyteError if the server refuses or does not answer."""

    def __init__(self, access: Access, transport: httpx.BaseTransport | None = None) -> None:
        """Prepare the client; send no request. Raises UserError if an address is invalid."""
        self._url = access.airbyte_url
        self._hidden: set[str] = set()
        self._is_cloud = access.public_api_url is not None
        self._public = access.public_api_url or PUBLIC
        self.hide(access.secrets())
        _check_address("AIRBYTE_URL", self._url)
        _check_address("AIRBYTE_PUBLIC_API_URL", self._public)
        self._http = httpx.Client(base_url=self._url, auth=authentication(access), timeout=TIMEOUT, transport=transport)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections to the server."""
        self._http.close()

    def hide(self, values: Iterable[Any]) -> None:
        """Mask these values in every error message: Airbyte's answer can repeat what was sent."""
        self._hidden |= {text for value in values for text in _spellings(value)}

    def _masked(self, text: str) -> str:
        return Redactor(self._hidden)(text)

    def health(self) -> None:
        """Return if the server reports that it is healthy."""
        self._send("GET", f"{self._public}/health")  # the answer is a sentence, not JSON

    def is_set_up(self) -> bool:
        """Return whether the user interface's first-start setup is complete."""
        path = f"{CONFIGURATION}/instance_configuration"
        return bool(self._read("GET", path, itemgetter("initialSetupComplete")))

    def set_up(self, email: str) -> None:
        """Complete the first-start setup (InstanceConfigurationSetupRequestBody) without telemetry."""
        body = {
            "email": email,
            "anonymousDataCollection": False,
            "initialSetupComplete": True,
            "displaySetupWizard": False,
        }
        self._send("POST", f"{CONFIGURATION}/instance_configuration/setup", body)

    def workspaces(self) -> builtins.list[Json]:
        """Return the workspaces that these credentials may see."""
        return self._pages(f"{self._public}/workspaces", {}, "workspaceId")

    def workspace(self, workspace_id: str) -> Json | None:
        """Return the workspace, None if it does not exist (404, or 403 from some servers).

        Raises UserError on Airbyte Cloud, where a workspace cannot be created with a chosen id.
        """
        try:
            return self._read("GET", f"{self._public}/workspaces/{workspace_id}", _with("workspaceId", "name"))
        except AirbyteError as error:
            if error.status not in WITHHELD:
                raise
            if self._is_cloud:
                raise UserError(
                    f"Workspace {workspace_id} not found in Airbyte Cloud, or not visible for AIRBYTE_CLIENT_ID "
                    f"({error.status}).\n"
                    "Set AIRBYTE_WORKSPACE_ID to the id in the address of the workspace's pages: "
                    f"{self._url}/workspaces/<id>/connections"
                ) from error
            return None

    def rename_workspace(self, workspace_id: str, name: str) -> None:
        """Change the name of a workspace."""
        self._send("PATCH", f"{self._public}/workspaces/{workspace_id}", {"name": name}, repeat=True)

    def create_workspace(self, workspace_id: str, name: str) -> None:
        """Create the workspace with this id if it does not exist. Only the configuration API can set an id."""
        body = {"id": workspace_id, "name": name, "organizationId": DEFAULT_ORGANIZATION}
        self._send("POST", f"{CONFIGURATION}/workspaces/create_if_not_exist", body, repeat=True)

    def list(self, kind: Kind, workspace_id: str) -> builtins.list[Json]:
        """Return all objects of a kind in the workspace, with secrets masked."""
        return self._pages(f"{self._public}/{kind}s", {"workspaceIds": workspace_id}, kind.id_field)

    def _pages(self, path: str, query: Json, id_field: str) -> builtins.list[Json]:
        found: builtins.list[Json] = []
        while True:
            window = query | {"limit": PAGE, "offset": len(found)}
            page = self._read("GET", path, lambda answer: [*map(_with(id_field), answer["data"])], query=window)
            found += page
            if len(page) < PAGE:
                return found

    def stream_definitions(self, connection_id: str) -> builtins.list[Json]:
        """Return what the source defines of each stream of a connection (AirbyteStream of the configuration API)."""
        return self._read(
            "POST",
            f"{CONFIGURATION}/connections/get",
            lambda answer: [item["stream"] for item in answer["syncCatalog"]["streams"]],
            {"connectionId": connection_id},
        )

    def catalog(self, connection_id: str) -> Json:
        """Return a connection as the configuration API shows it (ConnectionRead): with the columns of its streams."""
        path = f"{CONFIGURATION}/connections/get"
        return self._read("POST", path, _with("syncCatalog"), {"connectionId": connection_id})

    def discover(self, source_id: str) -> builtins.list[Json]:
        """Run the source's connector and return its streams.

        Airbyte remembers the streams: the next change of a connection takes them over. Raises AirbyteError also if
        the connector fails.
        """
        body = {"sourceId": source_id, "disable_cache": True}
        path = f"{CONFIGURATION}/sources/discover_schema"
        answer = self._content(self._send("POST", path, body, timeout=DISCOVERY_TIMEOUT), _with("jobInfo"))
        if answer.get("catalog") is None:
            failure = answer["jobInfo"].get("failureReason") or {}
            raise AirbyteError(self._masked(str(failure.get("externalMessage") or "The connector failed.")), 200)
        streams: builtins.list[Json] = answer["catalog"]["streams"]
        return streams

    def create(self, kind: Kind, body: Json) -> Json:
        """Create an object and return it."""
        timeout = DISCOVERY_TIMEOUT if kind is Kind.CONNECTION else TIMEOUT
        response = self._send("POST", f"{self._public}/{kind}s", body, timeout=timeout)
        return self._content(response, _with(kind.id_field))

    def update(self, kind: Kind, object_id: str, body: Json) -> Json:
        """Change an object and return it.

        A connection is changed by PATCH, a source or destination by PUT with its whole configuration: Airbyte merges a
        PATCH into the old configuration, so PATCH cannot remove a setting.
        """
        method = "PATCH" if kind is Kind.CONNECTION else "PUT"
        path = f"{self._public}/{kind}s/{object_id}"
        return self._content(self._send(method, path, body, timeout=DISCOVERY_TIMEOUT), _with(kind.id_field))

    def delete(self, kind: Kind, object_id: str) -> None:
        """Delete an object; do nothing if it does not exist."""
        try:
            self._send("DELETE", f"{self._public}/{kind}s/{object_id}", repeat=True)
        except AirbyteError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise

    def definitions(self, kind: Kind, workspace_id: str | None = None) -> dict[str, str]:
        """Return the definition ids of all connectors of a kind by image name: {"source-s3": "6958…"}.

        Airbyte Cloud also has them in its public API, by workspace; Airbyte 0.63 and airbyte-lite do not.
        """
        if self._is_cloud and workspace_id:
            try:
                path = f"{self._public}/workspaces/{workspace_id}/definitions/{kind}s"
                return self._read("GET", path, lambda answer: _by_image(answer["data"], itemgetter("id")))
            except AirbyteError as error:
                if error.status not in WITHHELD:
                    raise
        return self._of_definitions(kind, itemgetter(f"{kind}DefinitionId"))

    def versions(self, kind: Kind) -> dict[str, tuple[str, str]]:
        """Return definition id and version of all connectors of a kind: {"source-s3": ("6958…", "4.16.1")}."""
        return self._of_definitions(kind, itemgetter(f"{kind}DefinitionId", "dockerImageTag"))

    def _of_definitions[T](self, kind: Kind, take: Callable[[Json], T]) -> dict[str, T]:
        path = f"{CONFIGURATION}/{kind}_definitions/list"
        return self._read("POST", path, lambda answer: _by_image(answer[f"{kind}Definitions"], take), {})

    def set_version(self, kind: Kind, definition_id: str, version: str) -> None:
        """Change the version of a connector for all its users. Airbyte runs the image to read its specification."""
        body = {f"{kind}DefinitionId": definition_id, "dockerImageTag": version}
        path = f"{CONFIGURATION}/{kind}_definitions/update"
        self._send("POST", path, body, timeout=DISCOVERY_TIMEOUT, repeat=True)

    def specification(self, kind: Kind, definition_id: str, workspace_id: str) -> Json:
        """Return the JSON schema of a connector's configuration; empty if Airbyte Cloud does not show it."""
        body = {f"{kind}DefinitionId": definition_id, "workspaceId": workspace_id}
        path = f"{CONFIGURATION}/{kind}_definition_specifications/get"
        try:
            specification: Json = self._read("POST", path, itemgetter("connectionSpecification"), body)
        except AirbyteError as error:
            if self._is_cloud and error.status in WITHHELD:
                return {}
            raise
        return specification

    def _read[T](
        self, method: str, path: str, take: Callable[[Any], T], body: Json | None = None, query: Json | None = None
    ) -> T:
        """Send a request that changes nothing, and return what `take` extracts from the answer."""
        return self._content(self._send(method, path, body, query, repeat=True), take)

    def _send(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Json | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        *,
        repeat: bool = False,
    ) -> httpx.Response:
        """Send a request; repeat it after 429, and with `repeat` (safe to send twice) also after a server error."""
        for pause in PAUSES:
            try:
                return self._send_once(method, path, body, query, timeout)
            except AirbyteError as error:
                failed = error.status is not None and error.status >= httpx.codes.INTERNAL_SERVER_ERROR
                if error.status != httpx.codes.TOO_MANY_REQUESTS and not (repeat and failed):
                    raise
            time.sleep(pause)
        return self._send_once(method, path, body, query, timeout)

    def _send_once(
        self, method: str, path: str, body: Json | None, query: Json | None, timeout: httpx.Timeout
    ) -> httpx.Response:
        try:
            response = self._http.request(method, path, json=body, params=query, timeout=timeout)
        except httpx.TransportError as error:
            raise AirbyteError(
                f"Airbyte does not answer at {self._url} ({method} {path}: {error or type(error).__name__}).\n"
                "Start it with `make dev` or `make up`, or set AIRBYTE_URL to the address of another Airbyte.",
                status=None,
            ) from error
        if response.is_success:
            return response
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise AirbyteError(
                f"Airbyte at {self._url} requires credentials ({method} {path}: 401).\n"
                "Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET, or AIRBYTE_USERNAME and AIRBYTE_PASSWORD.",
                response.status_code,
            )
        asked = response.request  # the request for the token, if that one failed
        raise AirbyteError(
            f"Airbyte answered {response.status_code} to {asked.method} {asked.url.path}: {self._reason(response)}",
            response.status_code,
        )

    def _content[T](self, response: httpx.Response, take: Callable[[Any], T]) -> T:
        """Return what `take` extracts from an answer. Raises AirbyteError if the answer is not Airbyte's."""
        try:
            return take(response.json())
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise AirbyteError(
                f"{response.url} is not Airbyte's API: the answer was {self._masked(response.text)[:60]!r}.\n"
                "Set AIRBYTE_URL to the address of Airbyte without /api.",
                response.status_code,
            ) from error

    def _reason(self, response: httpx.Response) -> str:
        """Return the message in an error of the public API (problem details) or of the configuration API."""
        try:
            problem = response.json()
            details = [
                (problem.get("data") or {}).get("message"),
                *(problem.get(key) for key in ("detail", "message", "title")),
            ]
        except (ValueError, AttributeError):
            details = []
        detail = next((self._masked(str(text)) for text in details if text), None)
        return detail or self._masked(response.text)[:500] or "no explanation"


def _check_address(variable: str, address: str) -> None:
    try:
        httpx.URL(address)
    except httpx.InvalidURL as error:
        raise UserError(
            f"{variable} is not a valid address ({error}).\nCorrect it, for example: {variable}=http://host:port"
        ) from error


def _with(*fields: str) -> Callable[[Any], Json]:
    """Return a function that returns an answer unchanged and raises if one of these fields is missing."""

    def take(answer: Any) -> Json:
        itemgetter(*fields)(answer)
        found: Json = answer
        return found

    return take


def _by_image[T](definitions: list[Json], take: Callable[[Json], T]) -> dict[str, T]:
    return {item["dockerRepository"].removeprefix("airbyte/"): take(item) for item in definitions}


def _spellings(value: Any) -> Iterator[str]:
    """Yield the texts in a value: plain, escaped as in JSON, and escaped twice as in JSON inside JSON."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _spellings(item)
    elif value is not None and not isinstance(value, bool):
        texts = {str(value).strip()}
        for _ in range(2):
            texts |= {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for text in texts for ascii_only in (True, False)}
        yield from texts
