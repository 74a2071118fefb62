"""Reads the list of source connectors: services/airbyte_lite/connectors/connectors.toml."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airbyte_lite.settings import CONNECTORS


class RegistryError(Exception):
    """connectors.toml is invalid. The message names the connector and what is wrong."""


@dataclass(frozen=True)
class Pinned:
    """A file beside connectors.toml whose content is pinned by its SHA-256."""

    path: Path
    sha256: str

    def fault(self) -> str:
        """Return what is wrong with the file; empty if it is as it was when it was added."""
        try:
            found = hashlib.sha256(self.path.read_bytes()).hexdigest()
        except OSError as error:
            return f"{self.path} cannot be read: {error.strerror}"
        return "" if found == self.sha256 else f"{self.path} has the SHA-256 {found}, but {self.sha256} is expected"


@dataclass(frozen=True)
class Image:
    """The image of a connector, pinned by what it contains."""

    reference: str
    """The name with its tag, for example airbyte/source-postgres:3.7.1."""
    digest: str
    """The image's digest in the image registry; empty for an image that was not pulled."""
    identifier: str
    """The engine's id of the image, which is a digest too. It stays when an image is saved and loaded."""

    def is_the_pinned(self, identifier: str, digests: list[str]) -> bool:
        """Return whether an image with this id, and these digests of repositories, is the pinned one."""
        repository = self.reference.rpartition(":")[0]
        return identifier == self.identifier or bool(self.digest and f"{repository}@{self.digest}" in digests)


@dataclass(frozen=True)
class Connector:
    """One source connector and where it is installed.

    A connector that is an image has no environment, no command and no lock.
    """

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
    manifest: Pinned | None = None
    """The manifest of a low-code connector."""
    components: Pinned | None = None
    """The archive of the manifest's Python code. It is run only if `consent` says when somebody agreed to that."""
    consent: str = ""
    image: Image | None = None
    """The image of a connector that is run in a container."""

    @property
    def code(self) -> Path | None:
        """The archive of Python code that may run; None if there is none or nobody agreed."""
        return self.components.path if self.components is not None and self.consent else None

    @property
    def language_data(self) -> Path:
        """The folder of NLTK's data, beside the folders of the locks."""
        return self.lock.parent.parent / "nltk_data"


def load_registry(environments: Path, registry: Path = CONNECTORS / "connectors.toml") -> dict[str, Connector]:
    """Return every connector in the registry by name.

    A connector's environment is a folder under `environments`, named like the lock's folder. Raises RegistryError.
    """
    try:
        with registry.open("rb") as file:
            entries = tomllib.load(file)
        return _connectors(environments, registry, entries)
    except OSError as error:
        raise RegistryError(
            f"{registry}: {error.strerror}. CONNECTORS_DIR must be the folder that has connectors.toml."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise RegistryError(f"{registry} is not valid TOML: {error}.") from error


def _connectors(environments: Path, registry: Path, entries: dict[str, Any]) -> dict[str, Connector]:
    for name, entry in entries.items():
        needed = ["definition_id", "title", "version"]
        needed += ["image", "image_id"] if "image" in entry else ["lock", "command"]
        needed += [f"{key}_sha256" for key in ("manifest", "components") if key in entry]
        if missing := [key for key in needed if not isinstance(entry.get(key), str)]:
            raise RegistryError(
                f"{registry}: [{name}] lacks {', '.join(missing)}. The comment at its top says what each key is; "
                f"`make connector name={name}` writes a complete entry."
            )
        if "image" in entry and not re.fullmatch(r"airbyte/source-[a-z0-9-]+:[\w.-]+", entry["image"], re.ASCII):
            raise RegistryError(
                f"{registry}: [{name}] has image = {entry['image']!r}. It must be airbyte/source-NAME:VERSION."
            )
    return {
        name: Connector(
            name=name,
            definition_id=entry["definition_id"],
            title=entry["title"],
            version=entry["version"],
            environment=environments.absolute() / Path(entry.get("lock", "")).parent,
            command=entry.get("command", ""),
            lock=registry.parent / entry.get("lock", ""),
            repaired=entry.get("repaired", False),
            manifest=_pinned(registry.parent, entry, "manifest"),
            components=_pinned(registry.parent, entry, "components"),
            consent=entry.get("components_consent", ""),
            image=image_of(entry),
        )
        for name, entry in entries.items()
    }


def _pinned(folder: Path, entry: dict[str, Any], key: str) -> Pinned | None:
    return Pinned(folder / entry[key], entry[f"{key}_sha256"]) if key in entry else None


def image_of(entry: Mapping[str, Any]) -> Image | None:
    """Return the image of an entry; None if it is not an image."""
    if "image" not in entry:
        return None
    return Image(str(entry["image"]), str(entry.get("image_digest", "")), str(entry["image_id"]))
