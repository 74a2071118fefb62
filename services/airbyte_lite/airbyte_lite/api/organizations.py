"""The organizations and tags of the public API, read only: there is one organization, and there are no tags."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from airbyte_lite.api.dependencies import AUTHENTICATED, PUBLIC, Served, WorkspaceIds
from airbyte_lite.api.instance import EMAIL, ORGANIZATION
from airbyte_lite.api.pools import Route
from airbyte_lite.problem import not_found

router = APIRouter(route_class=Route, prefix=PUBLIC, dependencies=AUTHENTICATED)


@router.get("/organizations", tags=["Organizations"], summary="List organizations")
def list_organizations() -> dict[str, Any]:
    """Answer the only organization."""
    return {"data": [{"organizationId": ORGANIZATION, "organizationName": "Default Organization", "email": EMAIL}]}


@router.get("/tags", tags=["Tags"], summary="List tags")
def list_tags(served: Served, workspaces: WorkspaceIds) -> dict[str, Any]:
    """Answer an empty list: tags are not implemented. Raises a 404 Problem for an unknown workspace."""
    for identifier in workspaces:
        served.store.workspace(identifier)
    return {"data": []}


@router.get("/tags/{tag_id}", tags=["Tags"], summary="Get a tag")
def get_tag(tag_id: str) -> dict[str, Any]:
    """Raise a 404 Problem: tags are not implemented."""
    raise not_found("tag", tag_id)
