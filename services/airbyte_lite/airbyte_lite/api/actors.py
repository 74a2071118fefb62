"""The source and destination endpoints of the public API. Their code is the same; only the names differ."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from airbyte_lite.api import schemas
from airbyte_lite.api.bodies import NOT_IMPLEMENTED
from airbyte_lite.api.dependencies import AUTHENTICATED, PUBLIC, IncludeDeleted, Paged, Served, WorkspaceIds
from airbyte_lite.api.fields import Id
from airbyte_lite.api.pools import Route, slow, specified
from airbyte_lite.api.services import Services
from airbyte_lite.api.views import actor_view
from airbyte_lite.connectors.definitions import ActorKind, Definition
from airbyte_lite.connectors.masking import merge, unmasked
from airbyte_lite.connectors.validation import check_configuration
from airbyte_lite.problem import invalid_fields
from airbyte_lite.state.records import Actor


def actor_router(kind: ActorKind) -> APIRouter:
    """Return the router with the endpoints of sources or of destinations."""
    router = APIRouter(
        route_class=Route, prefix=f"{PUBLIC}/{kind}s", tags=[f"{kind.capitalize()}s"], dependencies=AUTHENTICATED
    )

    @router.get("", summary=f"List {kind}s")
    @specified
    def list_actors(
        served: Served, page: Paged, workspaces: WorkspaceIds, include_deleted: IncludeDeleted = False
    ) -> dict[str, Any]:
        """Answer a page, with masked secrets."""
        found = served.store.actors(kind, workspaces, include_deleted, page.limit + 1, page.offset)
        return page.respond(found, lambda actor: actor_view(actor, served.definitions))

    @router.post("", summary=f"Create a {kind}")
    @slow
    def create_actor(served: Served, body: schemas.ActorCreate) -> dict[str, Any]:
        """Check the configuration against the connector's specification. The connector's check is not run."""
        served.store.workspace(body.workspace_id)
        definition = served.definitions.resolve(kind, body.definition_id, body.configuration.get(f"{kind}Type"))
        configuration = _configuration(served, definition, body.configuration, {})
        actor = Actor(
            id=str(uuid.uuid4()),
            kind=kind,
            workspace_id=body.workspace_id,
            name=body.name,
            definition_id=definition.id,
            configuration=configuration,
            created_at=(now := time.time()),
            updated_at=now,
        )
        served.store.add(actor)
        return actor_view(actor, served.definitions)

    @router.get("/{actor_id}", summary=f"Get a {kind}")
    @specified
    def get_actor(
        served: Served,
        actor_id: Id,
        coordinates: Annotated[bool, Query(alias="includeSecretCoordinates", description="Not implemented")] = False,
    ) -> dict[str, Any]:
        """Answer one, with masked secrets."""
        if coordinates:
            raise invalid_fields({"query.includeSecretCoordinates": NOT_IMPLEMENTED})
        return actor_view(served.store.actor(kind, actor_id), served.definitions)

    @router.patch("/{actor_id}", summary=f"Change a {kind}")
    @slow
    def patch_actor(served: Served, actor_id: Id, body: schemas.ActorPatch) -> dict[str, Any]:
        """Merge the given configuration into the stored one. A masked secret keeps its stored value."""
        given = body.configuration or {}
        return _update(served, kind, actor_id, body, lambda stored: merge(stored, given))

    @router.put("/{actor_id}", summary=f"Replace a {kind}'s name and configuration")
    @slow
    def put_actor(served: Served, actor_id: Id, body: schemas.ActorPut) -> dict[str, Any]:
        """Replace the name and the configuration. A masked secret keeps its stored value."""
        return _update(served, kind, actor_id, body, lambda _: body.configuration)

    @router.delete("/{actor_id}", status_code=204, summary=f"Delete a {kind} and its connections")
    @slow
    def delete_actor(served: Served, actor_id: Id) -> Response:
        """Delete it and, as in Airbyte, the connections that use it. Their jobs are cancelled, their tables stay."""
        served.delete(served.store.stored(kind, actor_id))
        return Response(status_code=204)

    return router


def _update(
    served: Services,
    kind: ActorKind,
    actor_id: Id,
    body: schemas.ActorPatch | schemas.ActorPut,
    configuration: Callable[[dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """Change the configuration and, if it is given, the name.

    `configuration` receives the stored configuration and returns the new one.
    """
    actor = served.store.actor(kind, actor_id)
    definition = served.definitions.get(kind, actor.definition_id)
    body.refuse_others(actor_view(actor, served.definitions))

    def configured(now: Actor) -> dict[str, Any]:
        return _configuration(served, definition, configuration(now.configuration), now.configuration)

    checked = configured(actor)  # may take seconds, and `alter` runs in a transaction

    def alter(now: Actor) -> Actor:
        changed = checked if now.configuration == actor.configuration else configured(now)
        return replace(now, name=body.name or now.name, configuration=changed, updated_at=time.time())

    return actor_view(served.store.change(actor, alter), served.definitions)


def _configuration(
    served: Services, definition: Definition, given: dict[str, Any], stored: dict[str, Any]
) -> dict[str, Any]:
    """Return the configuration to store: without its type field, and with stored secrets in place of the masks.

    Raises a 422 Problem if the configuration is invalid.
    """
    configuration: dict[str, Any] = dict(given)
    name = f"{definition.kind}Type"
    if configuration.pop(name, None) not in (None, "", definition.type):
        text = f"the connector of this {definition.kind} has the type {definition.type}; omit the field"
        raise invalid_fields({f"body.configuration.{name}": text})
    configuration = unmasked(configuration, stored)
    check_configuration(configuration, served.definitions.schema(definition), definition.name)
    return configuration
