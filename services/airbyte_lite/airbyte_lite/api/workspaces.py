"""Endpoints of the public API: workspaces, connector definitions, and the open endpoints for tokens and health."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from airbyte_lite.api import schemas
from airbyte_lite.api.auth import TOKEN_SECONDS
from airbyte_lite.api.dependencies import AUTHENTICATED, PUBLIC, IncludeDeleted, Paged, Served, WorkspaceIds
from airbyte_lite.api.fields import Id
from airbyte_lite.api.pools import Route, slow
from airbyte_lite.api.requests import is_json
from airbyte_lite.api.services import Services
from airbyte_lite.api.views import definition_view, workspace_view
from airbyte_lite.connectors.definitions import ActorKind
from airbyte_lite.problem import Problem, invalid
from airbyte_lite.state.records import Workspace

GRANT_NAMES = ("grant_type", "grant-type")  # of OAuth, and of Airbyte's document

open_router = APIRouter(route_class=Route, prefix=PUBLIC, tags=["Health and tokens"])
router = APIRouter(route_class=Route, prefix=PUBLIC, dependencies=AUTHENTICATED)


@open_router.get("/health", summary="Check that the server works", response_class=PlainTextResponse)
async def health(served: Served) -> str:
    """Answer 200 if the database can be read."""
    with served.database.read() as connection:
        connection.execute("select 1 from meta")
    return "Successful operation"


@open_router.post("/applications/token", summary="Exchange a client id and secret for a bearer token (JSON or form)")
async def token(served: Served, request: Request) -> dict[str, Any]:
    """Answer a token that is valid for 15 minutes. Raises a 401 Problem if the credentials are wrong."""
    try:
        if is_json(request.headers.get("content-type", "")):
            given = await request.json()
        else:
            given = _form(await request.body())
        client_id, client_secret = given["client_id"], given["client_secret"]
        if not (isinstance(client_id, str) and isinstance(client_secret, str)):
            raise TypeError("not a text")
        issued = served.authenticator.issue(client_id, client_secret)
        grants = [given[name] for name in GRANT_NAMES if given.get(name)]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid(
            "client_id or client_secret is missing or not a text. Send both as JSON or as form data."
        ) from error
    if any(grant != "client_credentials" for grant in grants):
        raise invalid(f"The grant type must be client_credentials, not {', '.join(map(str, grants))[:100]}.")
    if issued is None:
        raise Problem(401, "The client id or the client secret is wrong.")
    return {"access_token": issued, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}


def _form(body: bytes) -> dict[str, str]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(body.decode(), keep_blank_values=True))


@router.get("/workspaces", tags=["Workspaces"], summary="List workspaces")
def list_workspaces(
    served: Served, page: Paged, ids: WorkspaceIds, include_deleted: IncludeDeleted = False
) -> dict[str, Any]:
    """Answer a page of workspaces."""
    return page.respond(served.store.workspaces(ids, include_deleted, page.limit + 1, page.offset), workspace_view)


@router.post("/workspaces", tags=["Workspaces"], summary="Create a workspace")
@slow
def create_workspace(served: Served, body: schemas.WorkspaceCreate) -> dict[str, Any]:
    """Answer the new workspace."""
    workspace = Workspace(str(uuid.uuid4()), body.name, time.time())
    served.store.add(workspace)
    return workspace_view(workspace)


@router.get("/workspaces/{workspace_id}", tags=["Workspaces"], summary="Get a workspace")
def get_workspace(served: Served, workspace_id: Id) -> dict[str, Any]:
    """Answer the workspace."""
    return workspace_view(served.store.workspace(workspace_id))


@router.patch("/workspaces/{workspace_id}", tags=["Workspaces"], summary="Rename a workspace")
@slow
def update_workspace(served: Served, workspace_id: Id, body: schemas.WorkspacePatch) -> dict[str, Any]:
    """Answer the changed workspace."""
    workspace = served.store.workspace(workspace_id)
    body.refuse_others(workspace_view(workspace))
    return workspace_view(served.store.change(workspace, lambda now: replace(now, name=body.name or now.name)))


@router.delete(
    "/workspaces/{workspace_id}", status_code=204, tags=["Workspaces"], summary="Delete a workspace and its objects"
)
@slow
def delete_workspace(served: Served, workspace_id: Id) -> Response:
    """Delete the workspace with its sources, destinations and connections. Their jobs are cancelled, tables stay."""
    served.delete(served.store.stored("workspace", workspace_id))
    return Response(status_code=204)


def _definitions(served: Services, workspace_id: str, kind: ActorKind) -> dict[str, Any]:
    served.store.workspace(workspace_id)
    return {"data": [definition_view(found) for found in served.definitions.list(kind)], "next": "", "previous": ""}


@router.get("/workspaces/{workspace_id}/definitions/sources", tags=["Definitions"], summary="List source connectors")
def list_source_definitions(served: Served, workspace_id: Id) -> dict[str, Any]:
    """Answer the installed source connectors."""
    return _definitions(served, workspace_id, "source")


@router.get(
    "/workspaces/{workspace_id}/definitions/destinations", tags=["Definitions"], summary="List destination connectors"
)
def list_destination_definitions(served: Served, workspace_id: Id) -> dict[str, Any]:
    """Answer the only destination connector, BigQuery."""
    return _definitions(served, workspace_id, "destination")


@router.get(
    "/workspaces/{workspace_id}/definitions/sources/{definition_id}",
    tags=["Definitions"],
    summary="Get a source connector",
)
def get_source_definition(served: Served, workspace_id: Id, definition_id: Id) -> dict[str, Any]:
    """Answer the source connector."""
    served.store.workspace(workspace_id)
    return definition_view(served.definitions.get("source", definition_id))


@router.get(
    "/workspaces/{workspace_id}/definitions/destinations/{definition_id}",
    tags=["Definitions"],
    summary="Get a destination connector",
)
def get_destination_definition(served: Served, workspace_id: Id, definition_id: Id) -> dict[str, Any]:
    """Answer the destination connector."""
    served.store.workspace(workspace_id)
    return definition_view(served.definitions.get("destination", definition_id))
