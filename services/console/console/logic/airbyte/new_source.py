"""A new source from the form of its connector: check, discovery, and the texts to copy. Nothing is saved."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connections_file.columns import with_columns
from console.clients.airbyte import Airbyte
from console.clients.calls import ServiceError
from console.forms import secrets
from console.forms.fields import Field
from console.forms.fields import Path as FieldPath
from console.forms.reading import read_specification
from console.forms.values import configuration
from console.logic.airbyte import drift
from console.logic.airbyte.actions import CHECK_SECONDS
from console.logic.airbyte.connection import Stream as Offered
from console.logic.airbyte.declared import Declared
from platform_kit.names import identifier
from platform_kit.redaction import Redactor
from source_texts import blocks, dbt
from source_texts.connection import Stream, connection_block
from source_texts.errors import SourceError
from source_texts.tables import Column, Table

type Json = dict[str, Any]

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
TAKEN = {"staging", "trusted", "landing", "s3"}
"""Groups or datasets of the platform."""
SPECIFICATION_SECONDS = 60.0


@dataclass(frozen=True)
class Connector:
    """A source connector that this Airbyte can run."""

    definition_id: str
    name: str
    """The name in connections.yaml, source-s3."""
    title: str
    version: str
    documentation: str


@dataclass(frozen=True)
class Texts:
    """What to copy into the checkout."""

    block: str
    diff: list[str]
    """The change of connections.yaml, as lines of a diff; empty if the block cannot be added as text."""
    files: dict[str, str]
    """The dbt source and the staging models, by their paths in the checkout."""
    variables: list[str]
    """The variables to set in connections.env; those that are set already are left out."""


async def connectors(airbyte: Airbyte) -> list[Connector]:
    """Return the source connectors, by title."""
    answer = await airbyte.post("/source_definitions/list")
    found = [
        Connector(
            definition_id=str(item["sourceDefinitionId"]),
            name=str(item.get("dockerRepository", "")).removeprefix("airbyte/"),
            title=str(item.get("name", "")),
            version=str(item.get("dockerImageTag", "")),
            documentation=str(item.get("documentationUrl") or ""),
        )
        for item in answer.get("sourceDefinitions") or []
    ]
    return sorted(found, key=lambda one: one.title.lower())


async def form(airbyte: Airbyte, definition_id: str, workspace_id: str | None) -> Field:
    """Return the form of a connector."""
    body = {"sourceDefinitionId": definition_id} | ({"workspaceId": workspace_id} if workspace_id else {})
    answer = await airbyte.post("/source_definition_specifications/get", body, SPECIFICATION_SECONDS)
    return read_specification(answer["connectionSpecification"])


def name_mistake(name: str, declared: Declared) -> str:
    """Return what is wrong with the name of a new source; '' if nothing."""
    if not NAME.fullmatch(name):
        return "Lower case letters, digits and _, at most 60, with a letter in front."
    if name in TAKEN:
        return "The platform uses this name already."
    where = declared.where("connection", name) or declared.where("source", name)
    return f"The name exists already: {where}." if where else ""


def for_check(
    root: Field, values: Any, name: str, environment: Mapping[str, str] = os.environ
) -> tuple[Json, list[str]]:
    """Return the configuration with the values of its secrets, and these values. Raises MissingSecretError."""
    value_of, hidden = secrets.values(name, environment), list[str]()

    def noted(one: Field, secret: secrets.Secret, path: FieldPath) -> Any:
        value = value_of(one, secret, path)
        if isinstance(value, str):
            hidden.append(value.replace("$${", "${"))
        return value

    return secrets.resolved(configuration(root, values, noted), environment), hidden


@contextmanager
def _redacting(hidden: Sequence[str]) -> Iterator[Redactor]:
    """Mask the values in the message of a ServiceError, and give the redactor for other messages."""
    redacted = Redactor(hidden)
    try:
        yield redacted
    except ServiceError as error:
        raise ServiceError(error.service, redacted(error.what), error.remedy) from None


async def check(
    airbyte: Airbyte, connector: Connector, given: Json, workspace_id: str | None, hidden: Sequence[str] = ()
) -> str:
    """Run the connector's check with a configuration that is not saved; return what is wrong ('': nothing).

    The message has neither the `hidden` values nor the secrets of the console's settings.
    """
    body = _core(connector, given, workspace_id)
    with _redacting([*hidden, *airbyte.secrets]) as redacted:
        answer = await airbyte.post("/scheduler/sources/check_connection", body, CHECK_SECONDS)
    if answer.get("status") == "succeeded":
        return ""
    return redacted(str(answer.get("message") or "the check failed"))


async def discover(
    airbyte: Airbyte, connector: Connector, given: Json, workspace_id: str | None, hidden: Sequence[str] = ()
) -> list[Offered]:
    """Return the streams of a configuration that is not saved.

    Raises ServiceError with the connector's reason, without the `hidden` values.
    """
    body = _core(connector, given, workspace_id)
    with _redacting([*hidden, *airbyte.secrets]):
        return drift.offered(
            airbyte, await airbyte.post("/scheduler/sources/discover_schema", body, drift.DISCOVER_SECONDS)
        )


def _core(connector: Connector, given: Json, workspace_id: str | None) -> Json:
    body: Json = {"sourceDefinitionId": connector.definition_id, "connectionConfiguration": given}
    return body | ({"workspaceId": workspace_id} if workspace_id else {})


def modes(stream: Offered) -> list[str]:
    """Return the sync modes that a stream can have; the first one is the proposal."""
    found = ["full_refresh_overwrite", "full_refresh_append"]
    if stream.is_incremental:
        found.append("incremental_append")
        if stream.primary_key:
            found.insert(0, "incremental_deduped_history")
    return found


def texts(
    name: str,
    connector: Connector,
    given: Json,
    streams: Sequence[Offered],
    prefix: str,
    declared: Declared,
    environment: Mapping[str, str] = os.environ,
) -> Texts:
    """Return the texts for a configuration whose secrets are references. Raises SourceError."""
    destination = next(iter(declared.destinations), "warehouse")
    tables = [_table(name, stream, prefix, alone=len(streams) == 1) for stream in streams]
    chosen = [
        Stream(
            stream.name,
            stream.sync_mode or "full_refresh_overwrite",
            f"{name}.{table.name}",
            table.key,
        )
        for stream, table in zip(streams, tables, strict=True)
    ]
    block = connection_block(
        name, connector.name, with_columns(connector.name, given), destination, chosen, prefix=prefix
    )
    folder = f"dbt_project/models/staging/{name}"
    files = {
        f"{folder}/_{name}__sources.yml": dbt.source_file(name, tables),
        f"{folder}/_{name}__models.yml": dbt.models_file(tables),
        **{f"{folder}/{table.model}.sql": dbt.model_file(name, table) for table in tables},
    }
    variables = [one for one in secrets.variables(given) if one not in environment]
    return Texts(*_pasted(declared.path, block), files, variables)


def _table(source: str, stream: Offered, prefix: str, *, alone: bool) -> Table:
    name = identifier(prefix + stream.name)
    clean = re.sub(r"_+", "_", identifier(stream.name).lower()).strip("_") or "table"
    columns = [Column(column.name, column.type.split(" ")[0], None) for column in stream.columns if column.loaded]
    key = tuple(path[0] for path in stream.primary_key if len(path) == 1)
    model = f"stg_{source}" if alone else f"stg_{source}__{clean}"
    return Table(name, model, stream.name, columns, key)


def _pasted(path: Path, block: str) -> tuple[str, list[str]]:
    """Return the block as it stands in connections.yaml, and the change of the file as a diff.

    Without a diff if the file cannot take the block as text.
    """
    try:
        before = path.read_text(encoding="utf-8")
        after = blocks.with_block(path, before, block)
        block = blocks.indented(path, before, block)
    except (OSError, ValueError, SourceError):
        return block, []
    name = path.name
    return block, [*difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, n=3, lineterm="")]
