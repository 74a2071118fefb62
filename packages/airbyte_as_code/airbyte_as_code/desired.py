"""The declared objects: builds the requests that create or update them, and compares them with Airbyte's objects."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from airbyte_as_code import google_key
from airbyte_as_code.airbyte_client import AirbyteClient, Json, Kind
from airbyte_as_code.connection_diff import (
    chosen,
    connection_changes,
    incremental_streams,
    lost_states,
    not_kept,
    streams_of,
)
from airbyte_as_code.diff import FieldChange, configuration_changes, secrets
from airbyte_as_code.errors import UserError
from airbyte_as_code.state import State
from connections_file import Connection, ConnectionsFile, Destination, Source, Stream
from platform_kit.specification import Schemas, branches, not_public

type Ids = Mapping[tuple[Kind, str], str]
"""The ids of the workspace's sources and destinations by kind and declared name."""

NEW_ID = "(known after apply)"
TABLES = {"prefix", "namespaceDefinition", "namespaceFormat"}
"""The fields that decide which tables a connection loads. If they differ, it is not a rename: a kept sync state would
belong to other tables."""


@dataclass(frozen=True)
class Actor:
    """A declared source or destination (Airbyte calls both an actor)."""

    kind: Kind
    name: str
    connector: str
    definitions: Mapping[str, str] = field(repr=False)
    """The definition ids of the server's connectors of this kind, by image name."""
    configuration: Json = field(repr=False)
    schemas: Schemas = field(repr=False)
    where: str

    replaced_when = frozenset({"definitionId"})
    """The fields that no request can change: the object has to be replaced."""

    @property
    def definition_id(self) -> str:
        """The connector's id on this server."""
        return self.definitions[self.connector]

    @property
    def moved_when(self) -> frozenset[str]:
        """The fields that decide which tables its connections load."""
        return frozenset({"project_id", "dataset_id"} if self.kind is Kind.DESTINATION else ())

    def is_renamed(self, found: Json, changes: list[FieldChange]) -> bool:  # noqa: ARG002 - as a connection's
        """Return whether an object with these differences has only been renamed."""
        return all(change.path == "name" or change.suspected for change in changes)

    def creation(self, workspace_id: str, ids: Ids) -> Json:  # noqa: ARG002 - as a connection's
        """Return the body of the request that creates the object."""
        return {
            "name": self.name,
            "workspaceId": workspace_id,
            "definitionId": self.definition_id,
            "configuration": self.configuration,
        }

    def correction(self, changes: list[FieldChange], ids: Ids) -> Json:  # noqa: ARG002 - as a connection's
        """Return the body of the request that removes differences: the name and the whole configuration."""
        return {"name": self.name, "configuration": self.configuration}

    def changes(self, found: Json, ids: Ids, state: State) -> Iterator[FieldChange]:  # noqa: ARG002 - as a connection's
        """Yield each difference from the object in Airbyte; the secrets, if only its time of change differs."""
        differences = list(self._differences(found, state))
        yield from differences
        before, now = state.shown(found[self.kind.id_field]).get("updatedAt"), found.get("updatedAt")
        if not differences and before and now and before != now:
            for path, _ in self.sent_secrets(found):
                yield FieldChange(path, None, None, secret=True, suspected=True)

    def _differences(self, found: Json, state: State) -> Iterator[FieldChange]:
        if found["name"] != self.name:
            yield FieldChange("name", found["name"], self.name)
        # Airbyte 0.63 shows no definition id, only the type: `s3` of source-s3. Of a custom connector it shows nothing.
        by_type = self.definitions.get(f"{self.kind}-{found.get(f'{self.kind}Type')}", self.definition_id)
        definition_id = found.get("definitionId") or by_type
        if definition_id != self.definition_id:
            yield FieldChange("definitionId", definition_id, self.definition_id)
        known = partial(state.secret_is_known, found[self.kind.id_field])
        # Airbyte adds the connector's type to the configuration that it returns.
        configuration = {key: value for key, value in found["configuration"].items() if key != f"{self.kind}Type"}
        yield from configuration_changes(self.configuration, configuration, self.schemas, known)

    def shown(self, found: Json) -> Json:
        """Return what to remember of the answer to a write: the time of the change, if Airbyte shows it."""
        return {"updatedAt": found.get("updatedAt")}

    def check(self, answer: Json) -> None:
        """Accept every answer to a write: Airbyte refuses a configuration that the connector does not accept."""

    def sent_secrets(self, found: Json) -> list[tuple[str, object]]:
        """Return path and value of each secret in the configuration, given the object that Airbyte shows."""
        return list(secrets(self.configuration, found.get("configuration"), self.schemas))

    def lost(self, found: Json, changes: list[FieldChange], *, replaced: bool) -> list[str]:  # noqa: ARG002
        """Return no streams: the changes of the connections list the lost sync states."""
        return []


@dataclass(frozen=True)
class Link:
    """A declared connection."""

    declared: Connection
    where: str

    kind = Kind.CONNECTION
    replaced_when = frozenset({"sourceId", "destinationId"})
    """The fields that no request can change: the object has to be replaced."""
    moved_when = frozenset(TABLES)
    """The fields that decide which tables it loads."""

    @property
    def name(self) -> str:
        """The connection's name. Dagster finds the connection by it."""
        return self.declared.name

    def is_renamed(self, found: Json, changes: list[FieldChange]) -> bool:
        """Return whether a connection with these differences is this one under its old name.

        This requires the same source and destination, and at least one common table. Without a common table, it is
        another connection of the same source, whose block was removed from the file.
        """
        return not any(change.path in self.replaced_when | TABLES for change in changes) and any(
            stream["name"] == wanted.name for stream in streams_of(found) for wanted in self.declared.streams
        )

    def creation(self, workspace_id: str, ids: Ids) -> Json:  # noqa: ARG002 - as an actor's
        """Return the body of the request that creates the object."""
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
        """Return the body of the request that removes differences: the fields that differ, always with all streams."""
        paths = {change.path for change in changes}
        fields = {"configurations" if path.startswith("streams.") else path for path in paths}
        body = {key: value for key, value in self.creation("", ids).items() if key in fields}
        for stream in body.get("configurations", {}).get("streams", []):
            if any(path.endswith(f"{stream['name']}.mappers") for path in paths):
                stream["mappers"] = []  # Airbyte keeps the old mappers if the field is missing
        return body

    def changes(self, found: Json, ids: Ids, state: State) -> Iterator[FieldChange]:
        """Yield each difference from the connection in Airbyte."""
        filled_in = state.shown(found[self.kind.id_field]).get("streams", {})
        return connection_changes(self.creation("", ids), found, filled_in)

    def shown(self, found: Json) -> Json:
        """Return what to remember of the answer to a write: the settings that Airbyte filled in."""
        return {"streams": chosen(found)}

    def check(self, answer: Json) -> None:
        """Raise UserError if settings that were sent are missing in Airbyte's answer: it does not support them."""
        if lacking := not_kept(self.creation("", {}), answer):
            raise UserError(
                f"{self.where}: connection {self.name!r}: Airbyte saved the connection without {', '.join(lacking)}. "
                "The public API of this Airbyte cannot set this (0.63 supports neither selected_fields nor the "
                "namespace of a stream). Syncs run without it: without selected_fields, they load every column.\n"
                "Remove the setting from the connections file, or use a newer Airbyte. Then: make apply"
            )

    def sent_secrets(self, found: Json) -> list[tuple[str, object]]:  # noqa: ARG002 - as an actor's
        """Return an empty list: a connection has no secrets."""
        return []

    def lost(self, found: Json, changes: list[FieldChange], *, replaced: bool) -> list[str]:
        """Return the streams that lose their sync state: the next sync reads them from the start."""
        return incremental_streams(found) if replaced else lost_states(found, changes)


type Desired = Actor | Link


def _stream(stream: Stream) -> Json:
    body: Json = {"name": stream.name, "syncMode": stream.sync_mode}
    if stream.namespace:
        body["namespace"] = stream.namespace
    # Airbyte drops a key or cursor that the mode does not use: every later plan would show a difference.
    if stream.sync_mode == "incremental_deduped_history":
        body["primaryKey"] = stream.primary_key
    if stream.cursor_field and stream.sync_mode.startswith("incremental_"):
        body["cursorField"] = stream.cursor_field
    if stream.selected_fields:
        body["selectedFields"] = [{"fieldPath": [name]} for name in stream.selected_fields]
    return body


def declared(
    client: AirbyteClient,
    file: ConnectionsFile,
    *,
    with_specifications: bool,
    elsewhere: Container[str] | None = None,
) -> list[Desired]:
    """Return all declared objects, sources and destinations first.

    Without specifications (they need a workspace), the objects can be created but not compared. With `elsewhere`, they
    can be compared but not created: values that are known elsewhere only are UNKNOWN.
    Raises UserError if the server does not have a connector, or if a `credentials_json` is not a key of Google.
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
                    f"{item.where}: {kind} {item.name!r}: Airbyte has no connector {item.connector!r}. "
                    f"Its connectors: {known}.\n"
                    "Correct `connector` in the connections file, or add the connector to Airbyte (to airbyte-lite: "
                    f"make connector name={item.connector}). Then: make apply"
                )
            if with_specifications and definition_id not in specifications:
                specifications[definition_id] = branches(client.specification(kind, definition_id, workspace_id))
            schemas = specifications.get(definition_id, [])
            configuration = item.expanded(elsewhere)
            client.hide(not_public(schemas, configuration))
            if wrong := google_key.fault(item.connector, configuration):
                raise UserError(f"{item.where}: {kind} {item.name!r}: {wrong} Then: make apply")
            found.append(Actor(kind, item.name, item.connector, definitions, configuration, schemas, item.where))
    return [*found, *(Link(connection, connection.where) for connection in file.connections)]
