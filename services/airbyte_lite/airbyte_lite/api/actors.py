"""The public API's sources and destinations: one set of endpoints, as only their names differ."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response

from airbyte_lite.api import schemas
from airbyte_lite.api.dependencies import AUTHENTICATED, PUBLIC, IncludeDeleted, Paged, Served, WorkspaceIds
from airbyte_lite.api.services import Services
from airbyte_lite.api.views import actor_view
from airbyte_lite.connectors.definitions import ActorKind, Definition
from airbyte_lite.connectors.masking import merge, restore
from airbyte_lite.connectors.validation import check_configuration
from airbyte_lite.problem import invalid
from airbyte_lite.state.records import Actor
from platform_kit.specification import MASK


def actor_router(kind: ActorKind) -> APIRouter:
    """Return the endpoints of sources or of destinations."""
    router = APIRouter(prefix=f"{PUBLIC}/{kind}s", tags=[f"{kind.capitalize()}s"], dependencies=AUTHENTICATED)

    @router.get("", summary=f"List {kind}s")
    def list_actors(
        served: Served, page: Paged, workspaces: WorkspaceIds, include_deleted: IncludeDeleted = False
    ) -> dict[str, Any]:
        """Answer a page, secrets masked."""
        found = served.store.actors(kind, workspaces, include_deleted, page.limit + 1, page.offset)
        return page.respond(found, lambda actor: actor_view(actor, served.definitions))

    @router.post("", summary=f"Create a {kind}")
    def create_actor(served: Served, body: schemas.ActorCreate) -> dict[str, Any]:
        """Check the configuration against the connector's specification; the connector itself is not run."""
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
    def get_actor(served: Served, actor_id: str) -> dict[str, Any]:
        """Answer it, secrets masked."""
        return actor_view(served.store.actor(kind, actor_id), served.definitions)

    @router.patch("/{actor_id}", summary=f"Change a {kind}")
    def patch_actor(served: Served, actor_id: str, body: schemas.ActorPatch) -> dict[str, Any]:
        """Change the given parts of the configuration; a secret that is sent masked is kept."""
        given = body.configuration or {}
        return _update(served, kind, actor_id, body.name, lambda stored: merge(stored, given))

    @router.put("/{actor_id}", summary=f"Replace a {kind}'s name and configuration")
    def put_actor(served: Served, actor_id: str, body: schemas.ActorPut) -> dict[str, Any]:
        """Replace both; a secret that is sent masked is kept."""
        return _update(served, kind, actor_id, body.name, lambda _: body.configuration)

    @router.delete("/{actor_id}", summary=f"Delete a {kind} and its connections")
    def delete_actor(served: Served, actor_id: str) -> Response:
        """Delete it and the connections that use it, as Airbyte does; cancel their jobs, keep their tables."""
        served.delete(served.store.actor(kind, actor_id))
        return Response(status_code=204)

    return router


def _update(
    served: Services,
    kind: ActorKind,
    actor_id: str,
    name: str | None,
    configuration: Callable[[dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """Change the name, if one is given, and the configuration: the function makes the new one from the stored one."""
    actor = served.store.actor(kind, actor_id)
    definition = served.definitions.get(kind, actor.definition_id)
    served.definitions.schema(definition)  # now, not in the transaction: the connector may take seconds to answer

    def alter(now: Actor) -> Actor:
        changed = _configuration(served, definition, configuration(now.configuration), now.configuration)
        return replace(now, name=name or now.name, configuration=changed, updated_at=time.time())

    return actor_view(served.store.change(actor, alter), served.definitions)


def _configuration(
    served: Services, definition: Definition, given: dict[str, Any], stored: dict[str, Any]
) -> dict[str, Any]:
    """Return the configuration to store: without its type and its masks. Raises a 422 Problem if it is invalid."""
    configuration: dict[str, Any] = {key: value for key, value in given.items() if key != f"{definition.kind}Type"}
    try:
        configuration = restore(configuration, stored)
    except KeyError as error:
        raise invalid(
            f"The configuration has {MASK} in place of a secret, but no such secret is stored. Send the secret."
        ) from error
    check_configuration(configuration, served.definitions.schema(definition), definition.name)
    return configuration
