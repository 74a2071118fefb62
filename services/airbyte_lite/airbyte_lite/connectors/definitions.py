"""The connectors that can be configured: the registry's sources, and BigQuery as the destination."""

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

# Airbyte's id of its BigQuery destination. 3.0 is the release that loads final tables directly, as the loader does.
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
    connector: Connector | None = None  # None: the destination, which is part of the server

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
    """Finds definitions and their specifications; a source's specification is asked from the connector, once."""

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
        """Return the definition; raises a 404 Problem."""
        definition = self.find(kind, identifier)
        if definition is None:
            raise not_found(f"{kind} definition", identifier)
        return definition

    def resolve(self, kind: ActorKind, identifier: str | None, type_name: object) -> Definition:
        """Return the definition with this id, or else of this sourceType or destinationType; raises a 422 Problem."""
        available = self.list(kind)
        for definition in available:
            if (identifier and definition.id == identifier) or (not identifier and definition.type == type_name):
                return definition
        known = ", ".join(f"{definition.type} ({definition.id})" for definition in available)
        wanted = identifier or type_name
        if not wanted:
            raise invalid(f"Give definitionId or configuration.{kind}Type. Installed: {known}.")
        raise invalid(
            f"There is no {kind} connector {wanted}. Installed: {known}. Others are added in connectors.toml."
        )

    def specification(self, definition: Definition) -> dict[str, Any]:
        """Return the whole specification; raises ConnectorError if the connector does not answer."""
        if definition.connector is None:
            return bigquery_specification()
        return self._runner.spec(definition.connector)

    def masked(self, kind: ActorKind, identifier: str, configuration: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of a configuration whose secrets are masked.

        Every text is masked where the connector cannot say what is secret: it was removed, or it cannot be run.
        """
        definition = self.find(kind, identifier)
        try:
            return mask(configuration, self.schema(definition)) if definition else mask_all(configuration)
        except ConnectorError:
            return mask_all(configuration)

    def schema(self, definition: Definition) -> dict[str, Any]:
        """Return the JSON schema of the configuration."""
        schema: dict[str, Any] = self.specification(definition)["connectionSpecification"]
        return schema
