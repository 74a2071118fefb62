"""`make connectors`: the installed connectors with their way, their version, and whether there is a newer one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.connectors import entries
from tools.connectors.airbyte_registry import AirbyteRegistry, NotReachedError
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.new import Places
from tools.connectors.pypi import Resolver
from tools.install import InstallError

HEAD = ("connector", "way", "version", "newest")


def way_of(entry: dict[str, Any]) -> str:
    """Return the way in which an entry is run."""
    return "image" if "image" in entry else "manifest" if "manifest" in entry else "pypi"


def lines(places: Places, registry: AirbyteRegistry) -> Iterator[str]:
    """Yield the table, and below it why a newest version is not known."""
    installed = entries.read(places.registry.read_text(encoding="utf-8"))
    notes: list[str] = []
    published: dict[str, dict[str, Any]] = {}
    if any(way_of(entry) != "pypi" for entry in installed.values()):
        try:
            published = registry.sources()
        except NotReachedError as error:
            notes.append(str(error))
    newest = {name: _newest(name, entry, published, notes) for name, entry in installed.items()}
    rows = [HEAD] + [(name, way_of(entry), entry["version"], newest[name]) for name, entry in installed.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    yield from notes
    yield "Another version: make connector name=NAME version=VERSION. To remove one: make connector-remove name=NAME"


def _newest(name: str, entry: dict[str, Any], published: dict[str, dict[str, Any]], notes: list[str]) -> str:
    try:
        if way_of(entry) != "pypi":
            version = str(published.get(name, {}).get("dockerImageTag", "")) or "not known"
        else:
            with TemporaryDirectory() as folder:
                version = Resolver(Path(folder)).newest(entry["package"])
    except (ConnectorCommandError, InstallError) as error:
        if (note := str(error).splitlines()[0]) not in notes:
            notes.append(note)
        return "not known"
    return "this one" if version == entry["version"] else version
