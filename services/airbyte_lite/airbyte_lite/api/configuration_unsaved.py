"""The configuration API's check and discovery of a configuration that is not saved."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from airbyte_lite.api import configuration_schemas as schemas
from airbyte_lite.api.configuration import check_answer, discovery_answer
from airbyte_lite.api.dependencies import AUTHENTICATED, CONFIGURATION, Served
from airbyte_lite.api.pools import Route, slow
from airbyte_lite.api.services import Services
from airbyte_lite.connectors.masking import secret_values, unmasked
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.connectors.validation import check_configuration
from platform_kit.redaction import Redactor

router = APIRouter(route_class=Route, prefix=CONFIGURATION, tags=["Configuration API"], dependencies=AUTHENTICATED)


def _valid(served: Services, body: schemas.SourceCore) -> tuple[Connector, Redactor]:
    """Return the connector, and what masks the secrets of the configuration. Raises a 422 Problem if it is invalid."""
    if body.workspace_id is not None:
        served.store.workspace(body.workspace_id)
    definition = served.definitions.get("source", body.source_definition_id)
    assert definition.connector is not None  # noqa: S101 -- every source definition has a connector
    schema = served.definitions.schema(definition)
    unmasked(body.connection_configuration, {})  # a mask would be taken for the secret
    check_configuration(body.connection_configuration, schema, definition.name)
    return definition.connector, Redactor(secret_values(body.connection_configuration, schema))


@router.post("/scheduler/sources/check_connection", summary="Check a source's configuration without saving it")
@slow
def check_configured_source(served: Served, body: schemas.SourceCore) -> dict[str, Any]:
    """Run the connector's check with the given configuration; answer succeeded, or failed with the reason."""
    connector, redact = _valid(served, body)

    def attempt() -> str | None:
        try:
            result = served.commands.check(connector, body.connection_configuration)
        except ConnectorError as error:
            return redact(error.message)
        return None if result.succeeded else redact(result.message)

    return check_answer("check_connection_source", attempt)


@router.post("/scheduler/sources/discover_schema", summary="Discover a source's streams without saving it")
@slow
def discover_configured_source(served: Served, body: schemas.SourceCore) -> dict[str, Any]:
    """Answer the catalog of the given configuration. A failure is answered as jobInfo."""
    connector, redact = _valid(served, body)

    def discover() -> list[dict[str, Any]]:
        try:
            return served.commands.discover(connector, body.connection_configuration)
        except ConnectorError as error:
            raise ConnectorError(redact(error.message), failure_type=error.failure_type) from error

    return discovery_answer(discover)
