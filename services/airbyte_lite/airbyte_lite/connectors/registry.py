"""Reads the list of source connectors: services/airbyte_lite/connectors/connectors.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from airbyte_lite.settings import CONNECTORS


@dataclass(frozen=True)
class Connector:
    """One source connector and where it is installed."""

    name: str
    """Airbyte's image name without "airbyte/", for example source-s3."""
    definition_id: str
    """The connector's id in Airbyte's public registry."""
    title: str
    version: str
    environment: Path
    """The virtual environment that holds the connector."""
    command: str
    """The connector's console script in the environment; it speaks the Airbyte protocol."""
    lock: Path
    """The hashed requirements of the environment."""
    repaired: bool = False
    """Whether the repairs in the package `repairs` are made in the connector's process."""

    @property
    def language_data(self) -> Path:
        """The folder of NLTK's data, beside the folders of the locks."""
        return self.lock.parent.parent / "nltk_data"


def load_registry(environments: Path, registry: Path = CONNECTORS / "connectors.toml") -> dict[str, Connector]:
    """Return every connector in the registry by name.

    A connector's environment is a folder under `environments`, with the name of the lock's folder.
    """
    with registry.open("rb") as file:
        entries = tomllib.load(file)
    return {
        name: Connector(
            name=name,
            definition_id=entry["definition_id"],
            title=entry["title"],
            version=entry["version"],
            environment=environments.absolute() / Path(entry["lock"]).parent,
            command=entry["command"],
            lock=registry.parent / entry["lock"],
            repaired=entry.get("repaired", False),
        )
        for name, entry in entries.items()
    }
