"""The connectors that a client can configure: the sources of the registry, and BigQuery as the destination."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from airbyte_lite.connectors.masking import mask, mask_all
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorError, ConnectorRunner
from airbyte_lite.problem import invalid, not_found

ActorKind = Literal["source", "destination"]

# The id of Airbyte's BigQuery destination. Since 3.0 it writes the final tables directly, as this loader does.
BIGQUERY_ID = "22f6c74f-5699-40ff-833c-4a879ea40133"
BIGQUERY_VERSION = "3.0.0"


@dataclass(frozen=True)
class Definition:
    """A connector as clients see it."""

    id: str
    kind: ActorKind
    name: str  # Airbyte's image name without "airbyte/"
    title: str
    version: str
    connector: Connector | None = None  # None for the destination: this server implements it

    @property
    def type(self) -> str:
        """The public API's sourceType or destinationType, for example s3."""
        return self.name.removeprefix(f"{self.kind}-")

    @property
    def documentation_url(self) -> str:
        """The connector's page in Airbyte's documentation."""
        return f"https://docs.airbyte.com/integrations/{self.kind}s/{self.type}"


BIGQUERY = Definition(BIGQUERY_ID, "destination", "destination-bigquery", "BigQuery", BIGQUERY_VERSION)


@functools.cache
def bigquery_specification() -> dict[str, Any]:
    """Return the specification of the BigQuery destination."""
    document: dict[str, Any] = json.loads(Path(__file__).with_name("destination_bigquery.json").read_text())
    return document


class Definitions:
    """Finds definitions and their specifications. A source's specification comes from its connector."""

    def __init__(self, registry: dict[str, Connector], runner: ConnectorRunner) -> None:
        self._runner = runner
        sources = [
            Definition(connector.definition_id, "source", connector.name, connector.title, connector.version, connector)
            for connector in registry.values()
        ]
        self._by_id = {definition.id: definition for definition in [*sources, BIGQUERY]}

    def list(self, kind: ActorKind) -> list[Definition]:
        """List the definitions of one kind."""
        return [definition for definition in self._by_id.values() if definition.kind == kind]

    def find(self, kind: ActorKind, identifier: str) -> Definition | None:
        """Return the definition, None where it is not in the registry (any more)."""
        definition = self._by_id.get(identifier)
        return definition if definition is not None and definition.kind == kind else None

    def get(self, kind: ActorKind, identifier: str) -> Definition:
        """Return the definition. Raises a 404 Problem if the id is unknown."""
        definition = self.find(kind, identifier)
        if definition is None:
            raise not_found(f"{kind} definition", identifier)
        return definition

    def resolve(self, kind: ActorKind, identifier: str | None, type_name: object) -> Definition:
        """Return the definition with this id or, without an id, with this sourceType or destinationType.

        Raises a 422 Problem if no installed connector matches.
        """
        available = self.list(kind)
        for definition in available:
            if (identifier and definition.id == identifier) or (not identifier and definition.type == type_name):
                return definition
        known = ", ".join(f"{definition.type} ({definition.id})" for definition in available)
        wanted = identifier or type_name
        if not wanted:
            raise invalid(
                f"The connector is missing: set definitionId or configuration.{kind}Type. Installed: {known}."
            )
        raise invalid(
            f"The {kind} connector {wanted} is not installed. Installed: {known}. To add a source: make connector "
            "name=source-NAME (docs/add-a-connector.md)."
        )

    def specification(self, definition: Definition) -> dict[str, Any]:
        """Return the specification. Raises ConnectorError if the connector does not give one."""
        if definition.connector is None:
            return bigquery_specification()
        return self._runner.spec(definition.connector)

    def masked(self, kind: ActorKind, identifier: str, configuration: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of the configuration with the mask in place of each secret.

        If the connector's specification is unavailable (the connector was removed, or it cannot be run), every text
        and number is masked.
        """
        definition = self.find(kind, identifier)
        try:
            return mask(configuration, self.schema(definition)) if definition else mask_all(configuration)
        except ConnectorError:
            return mask_all(configuration)

    def schema(self, definition: Definition) -> dict[str, Any]:
        """Return the JSON schema of the configuration. Raises ConnectorError."""
        schema: dict[str, Any] = self.specification(definition)["connectionSpecification"]
        return schema
