"""`make connector-remove`: takes a connector out of the checkout."""

from __future__ import annotations

import re
from pathlib import Path

from platform_kit.file_changes import Changes
from tools import install
from tools.connectors import entries
from tools.connectors.airbyte_registry import similar
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.new import Places, write
from tools.connectors.placing import moved


def plan(places: Places, name: str, connections: Path) -> Changes:
    """Return the changes that remove a connector. Raises ConnectorCommandError if it is unknown, or in use."""
    text = places.registry.read_text(encoding="utf-8")
    installed = entries.read(text)
    if name not in installed:
        raise ConnectorCommandError(
            f"{name} is not in connectors.toml.{similar(name, installed)} It has: {', '.join(installed)}."
        )
    uses = re.compile(rf"^[^#\n]*\bconnector: *[\"']?{re.escape(name)}[\"']?\s*(?:[,}}#]|$)", re.MULTILINE)
    used = uses.search(connections.read_text(encoding="utf-8")) if connections.exists() else None
    if used:
        line = connections.read_text(encoding="utf-8")[: used.start()].count("\n") + 1
        raise ConnectorCommandError(
            f"{connections.name}, line {line}: a source uses {name}. Remove that source first, then run "
            "`make apply o=--prune`, which deletes it in Airbyte too."
        )
    folder = folder_of(places, installed, name)
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder is not None else []
    changes = Changes(places.root, deleted=files)
    write(changes, places.registry, entries.without(text, name))
    return changes


def folder_of(places: Places, installed: dict[str, dict[str, object]], name: str) -> Path | None:
    """Return the connector's own folder of files; None if another connector has its lock there."""
    folder = places.connectors / name
    shared = any(str(installed[other].get("lock")).startswith(f"{name}/") for other in installed if other != name)
    return folder if folder.is_dir() and not shared else None


def make(places: Places, name: str, changes: Changes) -> None:
    """Remove a connector: its files, and the environment that no connector needs any more.

    Raises ChangesError, OSError.
    """
    if places.connectors / name / "requirements.txt" not in changes.deleted:
        changes.make(places.journal)
        return
    with install.one_at_a_time(), moved(places, name, None):
        changes.make(places.journal)
