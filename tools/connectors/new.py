"""A connector that is about to be added: the places and contents of its files, and its trial."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from airbyte_lite.connectors.registry import Connector, Pinned, image_of
from platform_kit.file_changes import Changes
from tools.connectors import block, entries, trial
from tools.connectors.airbyte_registry import Found
from tools.connectors.block import Block
from tools.connectors.entries import Entry
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.pypi import Lock

Say = Callable[[str], object]


@dataclass(frozen=True)
class Places:
    """The files and folders of the checkout that a connector changes."""

    root: Path

    @property
    def connectors(self) -> Path:
        """The folder of connectors.toml, with a folder for each lock."""
        return self.root / "services/airbyte_lite/connectors"

    @property
    def registry(self) -> Path:
        """The list of connectors that airbyte-lite runs."""
        return self.connectors / "connectors.toml"

    @property
    def journal(self) -> Path:
        """The file that names the changes that are being made."""
        return self.root / ".local/connector.json"

    @property
    def table_journal(self) -> Path:
        """The file beside which `make connector-table` has its lock."""
        return self.root / ".local/connector-table.json"

    @property
    def work(self) -> Path:
        """The folder of a command's temporary files."""
        return self.root / ".local/connector"

    @property
    def environments(self) -> Path:
        """The folder of the connectors' environments."""
        return self.root / ".venvs/connectors"

    @property
    def trial(self) -> Path:
        """The environment of a connector that is being tried. It is moved to the others when the entry is written."""
        return self.root / ".venvs/connector-trial"

    @property
    def replaced(self) -> Path:
        """The environment of an older version, or of a removed connector, until it is deleted."""
        return self.root / ".venvs/connector-replaced"

    @property
    def moving(self) -> Path:
        """The file that names the environment that is being put to its place, or aside."""
        return self.root / ".local/connector-environment"

    @property
    def trial_lock(self) -> Path:
        """The lock of the environment that is being tried."""
        return self.work / "requirements.txt"


@dataclass
class NewConnector:
    """What `make connector` would do."""

    found: Found
    entry: Entry
    changes: Changes
    block: Block
    environment: str = ""
    """The name of the environment that was made for the trial; empty if the connector shares one that exists."""
    notes: list[str] = field(default_factory=list)


def clean(places: Places) -> None:
    """Remove the temporary files of a command, also of a killed one."""
    for folder in (places.work, places.trial):
        shutil.rmtree(folder, ignore_errors=True)


def require_other_version(places: Places, name: str, version: str) -> None:
    """Raise ConnectorCommandError if this version is installed, or another one with repairs."""
    old = entries.read(places.registry.read_text(encoding="utf-8")).get(name)
    if old is not None and old["version"] == version:
        raise ConnectorCommandError(f"{name} {version} is installed already. `make connectors` lists all.")
    if old is not None and old.get("repaired"):
        raise ConnectorCommandError(
            f"{name} {old['version']} has repairs that were made for this version only "
            "(docs/decisions/connector-repairs.md). Check them first, then change the version by hand."
        )


def changes_of(places: Places, name: str, entry: Entry) -> Changes:
    """Return the change of connectors.toml."""
    text = places.registry.read_text(encoding="utf-8")
    changes = Changes(places.root)
    write(changes, places.registry, entries.put(text, name, entry))
    return changes


def write(changes: Changes, path: Path, text: str) -> None:
    """Add a text file to the changes, if it does not have this content already."""
    old = path.read_text(encoding="utf-8", newline="") if path.exists() else None
    if old != text:
        changes.texts[path] = text
        if old is not None:
            changes.before[path] = old


def add_lock(changes: Changes, folder: Path, lock: Lock) -> set[str]:
    """Add the files of a lock to the changes; return their names."""
    texts = {"requirements.in": lock.requirement, "overrides.txt": lock.overrides_text, "requirements.txt": lock.text}
    changes.long[folder / "requirements.txt"] = f"{lock.packages} packages, each with its version and hashes"
    for name, text in texts.items():
        if text:
            write(changes, folder / name, text)
    return {name for name, text in texts.items() if text}


def delete_others(changes: Changes, folder: Path, kept: set[str]) -> None:
    """Delete the connector's other files, which an older version needed."""
    if folder.is_dir():
        changes.deleted += sorted(path for path in folder.iterdir() if path.is_file() and path.name not in kept)


def connector_of(places: Places, name: str, entry: Entry, environment: Path, files: Path | None = None) -> Connector:
    """Return the connector of an entry, in the environment of the trial; `files` has the pinned files of the trial."""

    def pinned(key: str) -> Pinned | None:
        return (
            Pinned((files or places.connectors) / str(entry[key]), str(entry[f"{key}_sha256"]))
            if key in entry
            else None
        )

    return Connector(
        name=name,
        definition_id=str(entry["definition_id"]),
        title=str(entry["title"]),
        version=str(entry["version"]),
        environment=environment,
        command=str(entry.get("command", "")),
        lock=places.connectors / str(entry.get("lock", "")),
        repaired=bool(entry.get("repaired", False)),
        manifest=pinned("manifest"),
        components=pinned("components"),
        consent=str(entry.get("components_consent", "")),
        image=image_of(entry),
    )


def tried(places: Places, found: Found, connector: Connector, say: Say) -> Block:
    """Ask the connector for its specification, and for its streams if it needs no configuration; return the block."""
    say("asking the connector for its specification")
    with trial.running(places.work) as runner:
        schema = trial.specification(runner, connector)
        configuration = block.defaults(schema)
        if configuration is None and connector.manifest is not None:
            configuration = block.made_up(schema)  # the streams stand in the manifest
        names = trial.streams(runner, connector, configuration) if configuration is not None else []
    return block.make(found.name, schema, names or found.streams)
