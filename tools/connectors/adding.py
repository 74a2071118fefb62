"""`make connector`: finds a connector, tries it, and prepares the changes that add it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from airbyte_lite.connectors.registry import Connector
from platform_kit.file_changes import Changes
from tools import install
from tools.connectors import block, entries, trial
from tools.connectors.airbyte_registry import NAME, UUID, VERSION, AirbyteRegistry, Found, NotReachedError
from tools.connectors.airbyte_registry import without_registry as known_without_registry
from tools.connectors.block import Block
from tools.connectors.entries import Entry
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.pypi import Resolver

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
    """Remove what an interrupted command left."""
    for folder in (places.work, places.trial):
        shutil.rmtree(folder, ignore_errors=True)


def look_up(registry: AirbyteRegistry, name: str, definition_id: str, say: Say) -> Found:
    """Return the connector's entry in Airbyte's registry, or what is known without it.

    Raises ConnectorCommandError.
    """
    if not NAME.fullmatch(name):
        hint = f" Did you mean source-{name}?" if NAME.fullmatch(f"source-{name}") else ""
        raise ConnectorCommandError(
            f"name={name} is not the name of a source, such as source-github: lower case letters, digits and -.{hint}"
        )
    if definition_id and not UUID.fullmatch(definition_id):
        raise ConnectorCommandError(f"id={definition_id} is not a definition id, such as {UUID_EXAMPLE}.")
    try:
        found = registry.find(name)
    except NotReachedError as error:
        known = known_without_registry(name, definition_id)
        if known is None:
            raise ConnectorCommandError(
                f"{error} Without the registry, the definition id of {name} is not known here, and the same "
                "connections.yaml works with every Airbyte only if the id is the same everywhere. Run the command "
                "again when the registry can be reached, or give the id that the connector's page in Airbyte's "
                f"documentation shows (Definition ID): make connector name={name} id={UUID_EXAMPLE}"
            ) from error
        origin = "given by id=" if definition_id == known.definition_id else "from the list of this project"
        say(f"{error}\nGoing on without the registry: {known.package} from PyPI; the definition id is {origin}.")
        return known
    if definition_id and definition_id != found.definition_id:
        raise ConnectorCommandError(
            f"id={definition_id} is not the id of {name} in Airbyte's registry, which is {found.definition_id}. "
            "Leave out id=."
        )
    return found


UUID_EXAMPLE = "01234567-89ab-cdef-0123-456789abcdef"


def plan(places: Places, found: Found, version: str, say: Say) -> NewConnector:
    """Fetch a connector, try it, and return what would be written. Raises ConnectorCommandError, InstallError."""
    if version and not VERSION.fullmatch(version):
        raise ConnectorCommandError(f"version={version} is not a version, such as 2.7.1.")
    require_free_id(places, found)
    clean(places)
    places.work.mkdir(parents=True)
    if found.way == "pypi":
        return from_pypi(places, found, version, say)
    raise ConnectorCommandError(
        f"{found.name} is not a package on PyPI ({found.way}), so it cannot be run here. To use it, connect a real "
        "Airbyte: docs/modes.md."
    )


def require_free_id(places: Places, found: Found) -> None:
    """Raise ConnectorCommandError if another entry has the definition id."""
    for name, entry in entries.read(places.registry.read_text(encoding="utf-8")).items():
        if name != found.name and entry.get("definition_id") == found.definition_id:
            raise ConnectorCommandError(
                f"{name} in connectors.toml has the definition id of {found.name}, {found.definition_id}. An id "
                "belongs to one connector: correct the entry."
            )


def from_pypi(places: Places, found: Found, version: str, say: Say) -> NewConnector:
    """Lock, install and try a connector that is a package on PyPI."""
    resolver = Resolver(places.work)
    version = version or resolver.newest(found.package)
    require_other_version(places, found.name, version)
    say(f"{found.package} {version}: locking its dependencies")
    lock = resolver.lock(found.package, version)
    say(f"installing {lock.packages} packages for a trial")
    lock_file = places.work / "requirements.txt"
    lock_file.write_text(lock.text, encoding="utf-8")
    trial.make_environment(places.trial, lock_file, resolver.uv, resolver.python)
    entry: Entry = {
        "title": found.title,
        "definition_id": found.definition_id,
        "package": found.package,
        "version": version,
        "lock": f"{found.name}/requirements.txt",
        "command": trial.command_of(places.trial, found.package, found.name),
    }
    changes = changes_of(places, found.name, entry)
    folder = places.connectors / found.name
    write(changes, folder / "requirements.in", lock.requirement)
    if lock.overrides:
        write(changes, folder / "overrides.txt", lock.overrides_text)
    elif (folder / "overrides.txt").exists():
        changes.deleted.append(folder / "overrides.txt")
    write(changes, folder / "requirements.txt", lock.text)
    changes.long[folder / "requirements.txt"] = f"{lock.packages} packages, each with its version and hashes"
    made = tried(places, found, connector_of(places, found.name, entry, places.trial), say)
    notes = [f"override: {requirement} ({reason})" for requirement, reason in lock.overrides.items()]
    return NewConnector(found, entry, changes, made, environment=found.name, notes=notes)


def connector_of(places: Places, name: str, entry: Entry, environment: Path) -> Connector:
    """Return the connector of an entry, in the environment of the trial."""
    return Connector(
        name=name,
        definition_id=str(entry["definition_id"]),
        title=str(entry["title"]),
        version=str(entry["version"]),
        environment=environment,
        command=str(entry["command"]),
        lock=places.connectors / str(entry["lock"]),
        repaired=bool(entry.get("repaired", False)),
    )


def tried(places: Places, found: Found, connector: Connector, say: Say) -> Block:
    """Ask the connector for its specification, and for its streams if it needs no configuration; return the block."""
    say("asking the connector for its specification")
    with trial.running(places.work) as runner:
        schema = trial.specification(runner, connector)
        smallest = block.smallest(schema)
        names = trial.streams(runner, connector, smallest) if smallest is not None else []
    return block.make(found.name, schema, names or found.streams)


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
    """Add a text file to the changes."""
    if path.exists():
        changes.before[path] = path.read_text(encoding="utf-8")
        if changes.before[path] == text:
            del changes.before[path]
            return
    changes.texts[path] = text


def make(places: Places, new: NewConnector) -> None:
    """Write the files, and put the environment of the trial to the others. Raises ChangesError."""
    new.changes.make(places.journal)
    if not new.environment:
        return
    with install.one_at_a_time():
        target = places.environments / new.environment
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        places.trial.rename(target)
        lock = places.connectors / new.environment / "requirements.txt"
        (target / "installed").write_text(install.stamp_of([lock], target))
