"""What the connections file wants Airbyte to hold, as requests and as something to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from bootstrap.airbyte_client import AirbyteClient, Json, Kind
from bootstrap.connection_diff import chosen, connection_changes, incremental_streams, lost_states, not_kept, streams_of
from bootstrap.diff import FieldChange, configuration_changes, secrets
from bootstrap.errors import UserError
from bootstrap.state import State
from connections_file import Connection, ConnectionsFile, Destination, Source, Stream
from platform_kit.specification import Schemas, branches, not_public

type Ids = Mapping[tuple[Kind, str], str]
"""The ids of the workspace's sources and destinations by kind and declared name."""

NEW_ID = "(known after apply)"
TABLES = {"prefix", "namespaceDefinition", "namespaceFormat"}
"""Which tables a connection fills: to guess a rename where they differ would carry the state over to empty tables."""


@dataclass(frozen=True)
class Actor:
    """A declared source or destination (Airbyte's word for both)."""

    kind: Kind
    name: str
    connector: str
    definitions: Mapping[str, str] = field(repr=False)
    """The server's connectors of this kind: the definition ids by image name."""
    configuration: Json = field(repr=False)
    schemas: Schemas = field(repr=False)
    where: str

    replaced_when = frozenset({"definitionId"})
    """The fields that no request can change."""

    @property
    def definition_id(self) -> str:
        """The connector's id on this server."""
        return self.definitions[self.connector]

    @property
    def moved_when(self) -> frozenset[str]:
        """The fields that say which tables its connections fill."""
        return frozenset({"project_id", "dataset_id"} if self.kind is Kind.DESTINATION else ())

    def is_renamed(self, found: Json, changes: list[FieldChange]) -> bool:  # noqa: ARG002 - as a connection's
        """Return whether an object with these differences is this one under its old name: nothing else differs."""
        return all(change.path == "name" or change.suspected for change in changes)

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
        """Yield what differs from the object that Airbyte holds; or its secrets, if nothing else explains an edit."""
        differences = list(self._differences(found, state))
        yield from differences
        before, now = state.shown(found[self.kind.id_field]).get("updatedAt"), found.get("updatedAt")
        if not differences and before and now and before != now:
            for path, _ in self.sent_secrets(found):
                yield FieldChange(path, None, None, secret=True, suspected=True)

    def _differences(self, found: Json, state: State) -> Iterator[FieldChange]:
        if found["name"] != self.name:
            yield FieldChange("name", found["name"], self.name)
        # Airbyte 0.63 does not show the definition, but its name's second half; nothing of a custom connector.
        by_type = self.definitions.get(f"{self.kind}-{found.get(f'{self.kind}Type')}", self.definition_id)
        definition_id = found.get("definitionId") or by_type
        if definition_id != self.definition_id:
            yield FieldChange("definitionId", definition_id, self.definition_id)
        known = partial(state.secret_is_known, found[self.kind.id_field])
        # Airbyte's reads add the connector's type to the configuration.
        configuration = {key: value for key, value in found["configuration"].items() if key != f"{self.kind}Type"}
        yield from configuration_changes(self.configuration, configuration, self.schemas, known)

    def shown(self, found: Json) -> Json:
        """Return what has to be remembered of an object that we have just written: when that was, if it says so."""
        return {"updatedAt": found.get("updatedAt")}

    def check(self, answer: Json) -> None:
        """Pass any answer to a write: of a configuration, Airbyte keeps what its connector knows or refuses it."""

    def sent_secrets(self, found: Json) -> list[tuple[str, object]]:
        """Return path and value of each secret in the configuration, given how Airbyte shows it."""
        return list(secrets(self.configuration, found.get("configuration"), self.schemas))

    def lost(self, found: Json, changes: list[FieldChange], *, replaced: bool) -> list[str]:  # noqa: ARG002
        """Return the streams whose sync state is lost: none, as its connections tell that themselves."""
        return []


@dataclass(frozen=True)
class Link:
    """A declared connection."""

    declared: Connection
    where: str

    kind = Kind.CONNECTION
    replaced_when = frozenset({"sourceId", "destinationId"})
    """The fields that no request can change."""
    moved_when = frozenset(TABLES)
    """The fields that say which tables it fills."""

    @property
    def name(self) -> str:
        """The connection's name, by which Dagster finds it."""
        return self.declared.name

    def is_renamed(self, found: Json, changes: list[FieldChange]) -> bool:
        """Return whether a connection with these differences is this one under its old name.

        It has the same source and destination, and fills some table that this one fills. (A connection whose block
        was cut out stays in Airbyte: another block for the same source is not that one.)
        """
        return not any(change.path in self.replaced_when | TABLES for change in changes) and any(
            stream["name"] == wanted.name for stream in streams_of(found) for wanted in self.declared.streams
        )

    def creation(self, workspace_id: str, ids: Ids) -> Json:  # noqa: ARG002 - as an actor's
        """Return the body that creates it."""
        wanted = self.declared
        manual = wanted.schedule == "manual"
        body: Json = {
            "name": self.name,
            "sourceId": ids.get((Kind.SOURCE, wanted.source), NEW_ID),
            "destinationId": ids.get((Kind.DESTINATION, wanted.destination), NEW_ID),
            "status": wanted.status,
            "schedule": {"scheduleType": "manual"}
            if manual
            else {"scheduleType": "cron", "cronExpression": wanted.schedule},
            "namespaceDefinition": wanted.namespace_definition,
            "prefix": wanted.prefix,
            "nonBreakingSchemaUpdatesBehavior": wanted.non_breaking_schema_updates_behavior,
            "configurations": {"streams": [_stream(stream) for stream in wanted.streams]},
        }
        return body | ({"namespaceFormat": wanted.namespace_format} if wanted.namespace_format else {})

    def correction(self, changes: list[FieldChange], ids: Ids) -> Json:
        """Return the body that undoes differences: the fields that differ, the streams all together."""
        paths = {change.path for change in changes}
        fields = {"configurations" if path.startswith("streams.") else path for path in paths}
        body = {key: value for key, value in self.creation("", ids).items() if key in fields}
        for stream in body.get("configurations", {}).get("streams", []):
            if any(path.endswith(f"{stream['name']}.mappers") for path in paths):
                stream["mappers"] = []  # the only setting that stays when it is left out
        return body

    def changes(self, found: Json, ids: Ids, state: State) -> Iterator[FieldChange]:
        """Yield what differs from the connection that Airbyte holds."""
        filled_in = state.shown(found[self.kind.id_field]).get("streams", {})
        return connection_changes(self.creation("", ids), found, filled_in)

    def shown(self, found: Json) -> Json:
        """Return what has to be remembered of a connection that we have just written: what Airbyte filled in."""
        return {"streams": chosen(found)}

    def check(self, answer: Json) -> None:
        """Raise UserError when Airbyte's answer to a write lacks what was sent: to send it again would not help."""
        if lacking := not_kept(self.creation("", {}), answer):
            raise UserError(
                f"{self.where}: connection {self.name!r}: Airbyte took it, but its answer lacks {', '.join(lacking)}. "
                "This Airbyte's public API cannot set that (0.63 has neither selected_fields nor namespace of a "
                "stream); until then a sync goes without it, and without selected_fields loads every column.\n"
                "Take it out of the connections file, or use a newer Airbyte."
            )

    def sent_secrets(self, found: Json) -> list[tuple[str, object]]:  # noqa: ARG002 - as an actor's
        """Return nothing: a connection has no secrets."""
        return []

    def lost(self, found: Json, changes: list[FieldChange], *, replaced: bool) -> list[str]:
        """Return the streams whose sync state is lost: the next sync reads them from the start."""
        return incremental_streams(found) if replaced else lost_states(found, changes)


type Desired = Actor | Link


def _stream(stream: Stream) -> Json:
    body: Json = {"name": stream.name, "syncMode": stream.sync_mode}
    if stream.namespace:
        body["namespace"] = stream.namespace
    # Airbyte keeps a key and a cursor only where they are used: sent in other modes they would differ for ever.
    if stream.sync_mode == "incremental_deduped_history":
        body["primaryKey"] = stream.primary_key
    if stream.cursor_field and stream.sync_mode.startswith("incremental_"):
        body["cursorField"] = stream.cursor_field
    if stream.selected_fields:
        body["selectedFields"] = [{"fieldPath": [name]} for name in stream.selected_fields]
    return body


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
        definitions = client.definitions(kind, workspace_id) if items else {}
        specifications: dict[str, Schemas] = {}
        for item in items:
            definition_id = definitions.get(item.connector)
            if definition_id is None:
                known = ", ".join(sorted(definitions)[:20]) or "none"
                raise UserError(
                    f"{item.where}: {kind} {item.name!r}: Airbyte has no connector {item.connector!r}; "
                    f"it has {known}.\n"
                    "Correct `connector` in the connections file, or add the connector to Airbyte."
                )
            if with_specifications and definition_id not in specifications:
                specifications[definition_id] = branches(client.specification(kind, definition_id, workspace_id))
            schemas = specifications.get(definition_id, [])
            configuration = item.expanded()
            client.hide(not_public(schemas, configuration))
            found.append(Actor(kind, item.name, item.connector, definitions, configuration, schemas, item.where))
    return [*found, *(Link(connection, connection.where) for connection in file.connections)]
