"""FastAPI dependencies of the endpoints: the services, authentication, and the paging of lists."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPBasic, HTTPBearer
from starlette.requests import HTTPConnection

from airbyte_lite.api.fields import Number, canonical
from airbyte_lite.api.services import Services
from airbyte_lite.json_values import SHOWN_CHARACTERS
from airbyte_lite.problem import Problem, invalid_fields

log = logging.getLogger("airbyte_lite")

PUBLIC = "/api/public/v1"
CONFIGURATION = "/api/v1"
LISTS = {"workspaceIds", "tagIds"}
"""The query parameters that may have several values. Of any other, only the last value would have an effect."""
LARGEST_NUMBER = 2**63 - 1  # SQLite's limit for integers


async def services(request: Request) -> Services:
    """Return the services of the app. Not in a thread, as all dependencies here: none must wait for a free one."""
    found: Services = request.app.state.services
    return found


Served = Annotated[Services, Depends(services)]


class DescribedBasic(HTTPBasic):
    """Basic authentication in the page /docs. FastAPI's own class refuses names and passwords that are not ASCII."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Accept every request; `authenticate` checks the header."""


async def authenticate(request: Request, served: Served) -> None:
    """Raise a 401 Problem if the request's Authorization header is missing or invalid."""
    if not served.authenticator.allows(request.headers.get("authorization")):
        raise Problem(
            401,
            "The credentials are missing, wrong or expired. If this server has AIRBYTE_CLIENT_ID set, get a token with "
            "POST /api/public/v1/applications/token. If it has AIRBYTE_USERNAME set, use basic authentication.",
        )


# The first two only describe authentication for the page /docs. The last one checks the header.
AUTHENTICATED = [
    Security(HTTPBearer(auto_error=False, description="A token from /api/public/v1/applications/token")),
    Security(DescribedBasic(scheme_name="HTTPBasic")),
    Depends(authenticate),
]


@dataclass(frozen=True)
class Page:
    """One page of a list, with the request that asked for it."""

    request: Request
    limit: int
    offset: int

    def respond[T](self, found: list[T], view: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        """Return the page in Airbyte's format. If there is a next page, `found` has one item more than the limit."""
        return {
            "data": [shown for item in found[: self.limit] if (shown := _shown(item, view)) is not None],
            "previous": self._url(max(0, self.offset - self.limit)) if self.offset else "",
            "next": self._url(self.offset + self.limit) if len(found) > self.limit else "",
        }

    def _url(self, offset: int) -> str:
        query = [
            (name, value) for name, value in self.request.query_params.multi_items() if name not in ("limit", "offset")
        ]
        return f"{self.request.url.replace(query='')}?{urlencode([*query, ('limit', self.limit), ('offset', offset)])}"


def _shown[T](item: T, view: Callable[[T], dict[str, Any]]) -> dict[str, Any] | None:
    """Return the view of an item; None, and a line in the log, for a damaged row: it must not break the list."""
    try:
        return view(item)
    except Exception as error:  # not its message, which may have a secret
        identifier = getattr(item, "id", "")
        log.error("%s %s is left out of a list: %s", type(item).__name__, identifier, type(error).__name__)
        return None


async def page(
    request: Request,
    limit: Annotated[Number, Query(ge=1, le=100)] = 20,
    offset: Annotated[Number, Query(ge=0, le=LARGEST_NUMBER)] = 0,
) -> Page:
    """Return the requested page. Raises a 422 Problem for a parameter with two values that can have one."""
    given = Counter(name for name, _ in set(request.query_params.multi_items()) if name not in LISTS)
    if twice := sorted(name[:SHOWN_CHARACTERS] for name, times in given.items() if times > 1):
        raise invalid_fields({f"query.{name}": "given with several values; it can have one" for name in twice})
    return Page(request, limit, offset)


Paged = Annotated[Page, Depends(page)]


async def workspace_ids(
    given: Annotated[
        list[str] | None, Query(alias="workspaceIds", description="Repeated or separated by commas")
    ] = None,
) -> list[str]:
    """Return the ids of the workspaces to list objects of. An empty list means every workspace."""
    return [canonical(part) for value in given or [] for part in value.split(",") if part]


WorkspaceIds = Annotated[list[str], Depends(workspace_ids)]
IncludeDeleted = Annotated[bool, Query(alias="includeDeleted")]
