"""What the connections file wants Airbyte to hold, as requests and as something to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from bootstrap.airbyte_client import AirbyteClient, Json, Kind
from bootstrap.connections_file import Connection, ConnectionsFile, Destination, Source
from bootstrap.diff import FieldChange, configuration_changes, connection_changes
from bootstrap.errors import UserError
from bootstrap.specification import Schemas, branches
from bootstrap.state import State

type Ids = Mapping[tuple[Kind, str], str]
"""The ids of the workspace's sources and destinations by kind and declared name."""

NEW_ID = "(known after apply)"


@dataclass(frozen=True)
class Actor:
    """A declared source or destination (Airbyte's word for both)."""

    kind: Kind
    name: str
    connector: str
    definition_id: str
    configuration: Json = field(repr=False)
    schemas: Schemas = field(repr=False)

    replaced_when = frozenset({"definitionId"})
    """The fields that no request can change."""

    def creation(self, workspace_id: str, ids: Ids) -> Json:  # noqa: ARG002 - as a connection's
        """Return the body that creates it."""
        return {
            "name": self.name,
            "workspaceId": workspace_id,
            "definitionId": self.definition_id,
            "configuration": self.configuration,
        }

    def correction(self, changes: list[FieldChange], ids: Ids) -> Json:  # noqa: ARG002 - as a connection's
        """Return the body that undoes differences: name and configuration as a whole."""
        return {"name": self.name, "configuration": self.configuration}

    def changes(self, found: Json, ids: Ids, state: State) -> Iterator[FieldChange]:  # noqa: ARG002 - as a connection's
        """Yield what differs from the object that Airbyte holds."""
        if found["name"] != self.name:
            yield FieldChange("name", found["name"], self.name)
        if found.get("definitionId", self.definition_id) != self.definition_id:  # Airbyte 0.63 does not show it
            yield FieldChange("definitionId", found["definitionId"], self.definition_id)
        known = partial(state.secret_is_known, found[self.kind.id_field])
        # Airbyte's reads add the connector's type to the configuration.
        configuration = {key: value for key, value in found["configuration"].items() if key != f"{self.kind}Type"}
        yield from configuration_changes(self.configuration, configuration, self.schemas, known)


@dataclass(frozen=True)
class Link:
    """A declared connection."""

    declared: Connection

    kind = Kind.CONNECTION
    replaced_when = frozenset({"sourceId", "destinationId"})
    """The fields that no request can change."""

    @property
    def name(self) -> str:
        """The connection's name, by which Dagster finds it."""
        return self.declared.name

    def creation(self, workspace_id: str, ids: Ids) -> Json:  # noqa: ARG002 - as an actor's
        """Return the body that creates it: manual, as Dagster decides when it runs; new columns are let through."""
        return {
            "name": self.name,
            "sourceId": ids.get((Kind.SOURCE, self.declared.source), NEW_ID),
            "destinationId": ids.get((Kind.DESTINATION, self.declared.destination), NEW_ID),
            "status": "active",
            "schedule": {"scheduleType": "manual"},
            "namespaceDefinition": "destination",
            "prefix": "",
            "nonBreakingSchemaUpdatesBehavior": "propagate_columns",
            "configurations": {"streams": [_stream(stream) for stream in self.declared.model_dump()["streams"]]},
        }

    def correction(self, changes: list[FieldChange], ids: Ids) -> Json:
        """Return the body that undoes differences: the fields that differ, the streams all together."""
        fields = {"configurations" if change.path.startswith("streams.") else change.path for change in changes}
        return {key: value for key, value in self.creation("", ids).items() if key in fields}

    def changes(self, found: Json, ids: Ids, state: State) -> Iterator[FieldChange]:  # noqa: ARG002 - as an actor's
        """Yield what differs from the connection that Airbyte holds."""
        return connection_changes(self.creation("", ids), found)


type Desired = Actor | Link


def _stream(stream: Json) -> Json:
    body = {"name": stream["name"], "syncMode": stream["sync_mode"]}
    if stream["sync_mode"] != "incremental_deduped_history":
        return body  # Airbyte keeps a primary key only where it is used: sent in other modes it would differ for ever
    return body | {"primaryKey": stream["primary_key"]}


def declared(client: AirbyteClient, file: ConnectionsFile, *, with_specifications: bool) -> list[Desired]:
    """Return everything that the file declares, sources and destinations first.

    Without specifications (there is no workspace to ask in) the result can be created, not compared.
    Raises UserError for a connector that the server does not have.
    """
    workspace_id = str(file.workspace.id)
    found: list[Desired] = []
    groups: list[tuple[Kind, list[Source] | list[Destination]]] = [
        (Kind.SOURCE, file.sources),
        (Kind.DESTINATION, file.destinations),
    ]
    for kind, items in groups:
        definitions = client.definitions(kind) if items else {}
        specifications: dict[str, Schemas] = {}
        for item in items:
            definition_id = definitions.get(item.connector)
            if definition_id is None:
                known = ", ".join(sorted(definitions)[:20]) or "none"
                raise UserError(
                    f"{kind} {item.name}: Airbyte has no connector {item.connector!r} (it has: {known}).\n"
                    "Correct `connector` in the connections file, or add the connector to Airbyte."
                )
            if with_specifications and definition_id not in specifications:
                specifications[definition_id] = branches(client.specification(kind, definition_id, workspace_id))
            schemas = specifications.get(definition_id, [])
            found.append(Actor(kind, item.name, item.connector, definition_id, item.expanded(), schemas))
    return [*found, *(Link(connection) for connection in file.connections)]
