"""Writes a connections file of the objects in a workspace, so that a setup made by hand can move into code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from airbyte_as_code.airbyte_client import AirbyteClient, Json, Kind
from airbyte_as_code.connection_diff import timing
from airbyte_as_code.errors import UserError
from connections_file import Connection, ConnectionsFile
from connections_file.columns import with_columns
from platform_kit.specification import Schemas, branches, child, is_secret

HEADER = """\
# yaml-language-server: $schema=connections.schema.json
# The objects of workspace {name} at {url}. To take them over: make apply o=--adopt
# Correct each dbt_source: the dbt source (source.table) that reads the table. If a source reads S3, add files: the keys
# of the files that the stream loads.
"""


@dataclass
class Imported:
    """A workspace as a connections file."""

    header: str
    content: Json
    variables: list[str] = field(default_factory=list)
    """The environment variables that hold the secrets."""
    notes: list[str] = field(default_factory=list)
    """The settings that the file cannot declare."""

    def text(self) -> str:
        """Return the file's text."""
        variables = "".join(f"#   {name}\n" for name in self.variables)
        secrets = (
            f"# Set these secrets in connections.env. Without Docker, you can also export them:\n{variables}"
            if variables
            else ""
        )
        body = yaml.dump(self.content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        return f"{self.header}{secrets}\n{body}"


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)  # items are indented below their key


def read_workspace(client: AirbyteClient, url: str, workspace_id: str | None) -> Imported:
    """Read the workspace, by default the only one.

    Raises UserError if the id is needed but missing or wrong, or if the file cannot declare the workspace.
    """
    workspace = _choose(client, workspace_id)
    workspace_id = str(workspace["workspaceId"])
    imported = Imported(
        HEADER.format(name=workspace["name"], url=url),
        {"workspace": {"id": workspace_id, "name": _plain(workspace["name"])}},
    )
    actual = {kind: client.list(kind, workspace_id) for kind in Kind}
    names = {item[kind.id_field]: item["name"] for kind in Kind for item in actual[kind]}
    for kind in (Kind.SOURCE, Kind.DESTINATION):
        specifications = _Specifications(client, kind, workspace_id)
        imported.content[f"{kind}s"] = [_actor(item, kind, specifications, imported) for item in actual[kind]]
    taken: set[str] = set()
    imported.content["connections"] = [
        _plain(_connection(item, names, client.stream_definitions(item["connectionId"]), taken, imported))
        for item in actual[Kind.CONNECTION]
    ]
    _check(imported.content, actual)
    return imported


def _choose(client: AirbyteClient, workspace_id: str | None) -> Json:
    found = client.workspaces()
    chosen = [item for item in found if workspace_id in (None, item["workspaceId"])]
    if len(chosen) == 1:
        return chosen[0]
    listed = "".join(f"\n  {item['workspaceId']}  {item['name']}" for item in found) or " none"
    raise UserError(f"Choose the workspace: make import f=FILE o='--workspace ID'. Workspaces:{listed}")


class _Specifications:
    def __init__(self, client: AirbyteClient, kind: Kind, workspace_id: str) -> None:
        self._client, self._kind, self._workspace_id = client, kind, workspace_id
        self._definitions = client.definitions(kind, workspace_id)

    def of(self, item: Json) -> tuple[str, Schemas]:
        """Return the connector's name and schemas. Airbyte 0.63 shows only the type: `s3` of source-s3."""
        by_id = {definition: name for name, definition in self._definitions.items()}
        name = by_id.get(item.get("definitionId", "")) or f"{self._kind}-{item[f'{self._kind}Type']}"
        if name not in self._definitions:
            raise UserError(
                f"{self._kind} {item['name']!r}: connector {name!r} not found in Airbyte's list of connectors."
            )
        specification = self._client.specification(self._kind, self._definitions[name], self._workspace_id)
        return name, branches(specification)


def _actor(item: Json, kind: Kind, specifications: _Specifications, imported: Imported) -> Json:
    connector, schemas = specifications.of(item)
    shown = {key: value for key, value in item["configuration"].items() if key != f"{kind}Type"}

    def written(value: Any, schemas: Schemas, key: str) -> Any:
        if is_secret(schemas, value):
            name = _unique(_variable(f"{item['name']}_{key}"), set(imported.variables))
            imported.variables.append(name)
            return f"${{{name}}}"
        if isinstance(value, dict):
            return {
                name: written(inner, child(schemas, name), name)
                for name, inner in value.items()
                if inner is not None and not (inner == "" and is_secret(child(schemas, name)))
            }
        if isinstance(value, list):
            return [written(inner, child(schemas, index), key) for index, inner in enumerate(value)]
        return _plain(value)

    configuration = written(with_columns(connector, shown), schemas, "")
    return {"name": _plain(item["name"]), "connector": connector, "configuration": configuration}


def _connection(item: Json, names: dict[str, str], defined: list[Json], taken: set[str], imported: Imported) -> Json:
    defaults = Connection.model_fields
    schedule = item.get("schedule") or {"scheduleType": "manual"}
    if schedule["scheduleType"] == "basic":
        imported.notes.append(
            f"connection {item['name']!r}: Airbyte's public API cannot set its schedule ({timing(schedule)}). "
            "The file declares `manual`. Set a cron expression instead, or schedule the connection in Dagster."
        )
        schedule = {"scheduleType": "manual"}
    custom = item.get("namespaceDefinition") == "custom_format"
    settings = {
        "prefix": item.get("prefix") or "",
        "status": item["status"],
        "schedule": timing(schedule),
        "namespace_definition": item.get("namespaceDefinition") or "destination",
        "namespace_format": item.get("namespaceFormat") if custom else None,
        "non_breaking_schema_updates_behavior": item.get("nonBreakingSchemaUpdatesBehavior") or "ignore",
    }
    by_name = {stream["name"]: stream for stream in defined}
    streams = [
        _stream(item, stream, by_name.get(stream["name"], {}), taken, imported)
        for stream in item["configurations"]["streams"]
    ]
    return {
        "name": item["name"],
        "source": names[item["sourceId"]],
        "destination": names[item["destinationId"]],
        **{key: value for key, value in settings.items() if value != defaults[key].default},
        "streams": streams,
    }


def _stream(connection: Json, stream: Json, defined: Json, taken: set[str], imported: Imported) -> Json:
    table = _unique(f"{_word(connection['name'])}.{_word(stream['name'])}", taken)
    taken.add(table)
    for setting in ("mappers", "destinationObjectName", "includeFiles"):
        if stream.get(setting):
            imported.notes.append(
                f"connection {connection['name']!r}, stream {stream['name']!r}: the file cannot declare {setting}; "
                "apply would remove this setting."
            )
    selected = [column["fieldPath"] for column in stream.get("selectedFields") or []]
    for path in selected:
        if len(path) > 1:
            imported.notes.append(
                f"connection {connection['name']!r}, stream {stream['name']!r}: the file cannot select the field "
                f"{'.'.join(path)} alone; apply would select the whole column {path[0]}."
            )
    mode = stream["syncMode"]
    cursor = mode.startswith("incremental_") and not defined.get("sourceDefinedCursor")
    written = {
        "name": stream["name"],
        "namespace": stream.get("namespace"),
        "sync_mode": mode,
        "primary_key": stream.get("primaryKey") if mode == "incremental_deduped_history" else None,
        "cursor_field": stream.get("cursorField") if cursor else None,
        "selected_fields": list(dict.fromkeys(path[0] for path in selected)),
        "dbt_source": table,
    }
    return {key: value for key, value in written.items() if value}


def _check(content: Json, actual: dict[Kind, list[Json]]) -> None:
    for kind in Kind:
        names = [item["name"] for item in actual[kind]]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise UserError(
                f"Several {kind}s in Airbyte have the same name: {', '.join(map(repr, twice))}. Names must be unique.\n"
                "Rename them in Airbyte."
            )
    try:
        ConnectionsFile.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise UserError(f"This workspace cannot be written as a connections file: {path}: {first['msg']}.") from error


def _plain(value: Any) -> Any:
    """Return a JSON-like value with each `${` escaped, so that it is not read as a reference to the environment."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.replace("${", "$${") if isinstance(value, str) else value


def _variable(text: str) -> str:
    name = re.sub(r"[^A-Z0-9_]", "_", text.upper())
    return f"_{name}" if name[0].isdigit() else name


def _word(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _unique(name: str, taken: set[str]) -> str:
    candidates = (name if number == 1 else f"{name}_{number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)
