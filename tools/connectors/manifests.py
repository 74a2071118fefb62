"""Low-code connectors: their manifest, and the archive of Python code that some manifests need."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass

from tools.connectors.airbyte_registry import AirbyteRegistry, MissingError, NotReachedError
from tools.connectors.errors import ConnectorCommandError

CUSTOM_CODE = re.compile(r"""["']?\bclass_name\b["']?\s*:\s*["']?([\w.]+)""")
"""A component of the manifest that is a Python class."""
OURS = re.compile(r"(source_declarative_manifest\.)?components\.\w+")
MEMBERS = {"components.py", "manifest.yaml"}
LARGEST = 5 * 1024 * 1024
"""Most bytes of a manifest, of an archive and of its code. Airbyte's largest manifest has 1.5 MB."""


@dataclass(frozen=True)
class Manifest:
    """The files of one version of a low-code connector."""

    text: str
    archive: bytes | None
    """The archive of Python code; None if the manifest needs none."""
    classes: tuple[str, ...]
    """The Python classes that the manifest names."""

    @property
    def sha256(self) -> str:
        """The hash of the manifest."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def archive_sha256(self) -> str:
        """The hash of the archive; empty without an archive."""
        return hashlib.sha256(self.archive).hexdigest() if self.archive is not None else ""

    @property
    def code(self) -> str:
        """The Python code of the archive; empty without an archive."""
        return components(self.archive).decode() if self.archive is not None else ""


def fetch(registry: AirbyteRegistry, name: str, version: str) -> Manifest:
    """Fetch the files of one version and check them. Raises ConnectorCommandError."""
    try:
        content = registry.file(name, version, "manifest.yaml")
    except MissingError as error:
        raise ConnectorCommandError(
            f"The registry has no manifest of {name} {version}: {error} It may have been withdrawn. Choose another "
            "version, or leave out version= for the newest one."
        ) from error
    text = checked_text(content, name, version)
    classes = tuple(sorted(set(CUSTOM_CODE.findall(text))))
    if not classes:
        return Manifest(text, None, ())
    if others := [one for one in classes if not OURS.fullmatch(one)]:
        raise ConnectorCommandError(
            f"The manifest of {name} {version} names Python classes that are not in its own components.py: "
            f"{', '.join(others)}. It could run any code that way, so it is refused. Choose another version."
        )
    return Manifest(text, fetch_components(registry, name, version), classes)


def checked_text(content: bytes, name: str, version: str) -> str:
    """Return the manifest's text. Raises ConnectorCommandError if it is not a manifest."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ConnectorCommandError(f"The manifest of {name} {version} is not UTF-8: {error}.") from error
    if len(content) > LARGEST or not re.search(r"""^["']?type["']?: *["']?DeclarativeSource""", text, re.MULTILINE):
        raise ConnectorCommandError(
            f"The registry's file manifest.yaml of {name} {version} is not a manifest: {len(content)} bytes, and "
            "`type: DeclarativeSource` is expected in it. A proxy may have answered instead of the registry."
        )
    return text


def fetch_components(registry: AirbyteRegistry, name: str, version: str) -> bytes:
    """Fetch the archive of Python code and compare it with the hash that the registry has of it.

    Raises ConnectorCommandError.
    """
    try:
        archive = registry.file(name, version, "components.zip")
        published = registry.file(name, version, "components.zip.sha256").decode(errors="replace").split()
    except NotReachedError as error:
        raise ConnectorCommandError(
            f"The manifest of {name} {version} needs Python code, and its archive could not be fetched: {error}"
        ) from error
    found = hashlib.sha256(archive).hexdigest()
    if published[:1] != [found]:
        raise ConnectorCommandError(
            f"components.zip of {name} {version} has the SHA-256 {found}, but the registry says "
            f"{' '.join(published)[:80] or 'nothing'}. It is damaged or was replaced, so it is refused. Run the "
            "command again; if it stays so, tell Airbyte."
        )
    components(archive)
    return archive


def components(archive: bytes) -> bytes:
    """Return components.py of an archive. Raises ConnectorCommandError if the archive is not as Airbyte makes it."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            others = sorted({info.filename for info in files.infolist()} - MEMBERS)
            if others:
                raise ConnectorCommandError(
                    f"components.zip has unexpected files, so it is refused: {', '.join(map(repr, others[:5]))}. Only "
                    "components.py and manifest.yaml are expected."
                )
            if len(files.infolist()) > len(MEMBERS) or any(one.file_size > LARGEST for one in files.infolist()):
                raise ConnectorCommandError("components.zip has a file twice, or a file that is too large.")
            code = files.read("components.py")
            code.decode()
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ConnectorCommandError(f"components.zip is not a complete archive with components.py: {error}.") from error
    return code
