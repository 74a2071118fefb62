"""`make connector` for a connector that is an image: pulled, pinned by its content, and run by the Docker engine."""

from __future__ import annotations

from airbyte_lite.connectors.protocol import ConnectorError
from tools.connectors import trial
from tools.connectors.airbyte_registry import Found
from tools.connectors.entries import Entry
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.new import (
    NewConnector,
    Places,
    Say,
    changes_of,
    connector_of,
    delete_others,
    require_other_version,
    tried,
)


def from_image(places: Places, found: Found, version: str, say: Say) -> NewConnector:
    """Pull an image if the engine does not have it, and try it. Raises ConnectorCommandError."""
    if found.image != f"airbyte/{found.name}":
        raise ConnectorCommandError(
            f"The image of {found.name} is {found.image}. Only images of Airbyte (airbyte/{found.name}) are run here."
        )
    require_other_version(places, found.name, version)
    reference = f"{found.image}:{version}"
    say(f"{found.name} {version} is an image: asking the Docker engine for {reference}, which is pulled if missing")
    with trial.running(places.work) as runner:
        try:
            image = runner.pull(reference)
        except ConnectorError as error:
            raise ConnectorCommandError(
                f"{found.name} is an image only. {error.message} To use it without an engine here, run a real "
                "Airbyte: AIRBYTE_MODE=external (docs/modes.md)."
            ) from error
    entry: Entry = {
        "title": found.title,
        "definition_id": found.definition_id,
        "version": version,
        "image": reference,
        "image_id": image.identifier,
    }
    if image.digest:
        entry["image_digest"] = image.digest
    changes = changes_of(places, found.name, entry)
    delete_others(changes, places.connectors / found.name, set())
    made = tried(places, found, connector_of(places, found.name, entry, places.trial), say)
    return NewConnector(found, entry, changes, made)
