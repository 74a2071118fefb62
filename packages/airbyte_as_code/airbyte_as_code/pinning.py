"""Sets the versions of the connectors in the real Airbyte to those whose images the platform has pulled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from airbyte_as_code.airbyte_client import AirbyteClient, Kind
from airbyte_as_code.errors import UserError

KINDS = {"source": Kind.SOURCE, "destination": Kind.DESTINATION}


@dataclass(frozen=True)
class Pin:
    """A connector whose version in Airbyte differs from the wanted version."""

    kind: Kind
    connector: str
    definition_id: str
    found: str
    wanted: str


def read_pins(text: str) -> dict[str, str]:
    """Return the version of each connector in `source-s3:4.16.1 destination-bigquery:2.8.9`. Raises UserError."""
    pins = {}
    for part in text.split():
        name, separator, version = part.partition(":")
        if not (separator and version and name.partition("-")[0] in KINDS):
            raise UserError(
                f"AIRBYTE_CONNECTORS: {part!r} is not a connector and its version.\n"
                "Write both like an image name: source-s3:4.16.1"
            )
        pins[name] = version
    return pins


def differences(client: AirbyteClient, pins: Mapping[str, str]) -> Iterator[Pin]:
    """Yield the connectors whose version must be set. Raises UserError if Airbyte does not have a connector."""
    for kind in KINDS.values():
        wanted = {name: version for name, version in pins.items() if name.startswith(f"{kind}-")}
        found = client.versions(kind) if wanted else {}
        for name, version in wanted.items():
            if name not in found:
                raise UserError(
                    f"AIRBYTE_CONNECTORS: Airbyte has no connector {name!r}.\n"
                    "Add it to Airbyte, or remove it from the variable."
                )
            definition_id, present = found[name]
            if present != version:
                yield Pin(kind, name, definition_id, present, version)


def pin(client: AirbyteClient, pins: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Set each connector's version that differs. Airbyte runs the new version once to read its specification."""
    for found in differences(client, pins):
        client.set_version(found.kind, found.definition_id, found.wanted)
        say(f"connector {found.connector}: {found.found} -> {found.wanted}")
