"""`make connector`: finds a connector, tries it, and prepares the changes that add it."""

from __future__ import annotations

import re

from tools import install
from tools.connectors import entries, trial
from tools.connectors.airbyte_registry import (
    NAME,
    UUID,
    VERSION,
    AirbyteRegistry,
    Found,
    NotReachedError,
    known_ids,
    similar,
    without_registry,
)
from tools.connectors.entries import Entry
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.image import from_image
from tools.connectors.low_code import from_manifest
from tools.connectors.new import (
    NewConnector,
    Places,
    Say,
    add_lock,
    changes_of,
    clean,
    connector_of,
    delete_others,
    require_other_version,
    tried,
)
from tools.connectors.placing import moved
from tools.connectors.pypi import Resolver, missing_package

UUID_EXAMPLE = "01234567-89ab-cdef-0123-456789abcdef"


def look_up(registry: AirbyteRegistry, name: str, definition_id: str, say: Say) -> Found:
    """Return the connector's entry in Airbyte's registry, or what is known without it.

    Raises ConnectorCommandError.
    """
    require_name(name)
    if definition_id and not UUID.fullmatch(definition_id):
        raise ConnectorCommandError(f"id={definition_id} is not a definition id, such as {UUID_EXAMPLE}.")
    try:
        found = registry.find(name)
    except NotReachedError as error:
        known = without_registry(name, definition_id)
        if known is None:
            raise ConnectorCommandError(
                f"{error} Without the registry, the definition id of {name} is not known here, and the same "
                f"connections.yaml works with every Airbyte only if the id is the same everywhere."
                f"{similar(name, known_ids())} Run the command again when the registry can be reached, or give the id "
                "that the connector's page in Airbyte's documentation shows (Definition ID): make connector "
                f"name={name} id={UUID_EXAMPLE}"
            ) from error
        require_same_id(known, definition_id, "the list of this project")
        origin = "given by id=" if definition_id else "from the list of this project"
        say(f"{error}\nGoing on without the registry: {known.package} from PyPI; the definition id is {origin}.")
        return known
    require_same_id(found, definition_id, "Airbyte's registry")
    return found


def require_name(name: str) -> None:
    """Raise ConnectorCommandError, with the name that may be meant, if this is not the name of a source."""
    if NAME.fullmatch(name):
        return
    if name.removeprefix("airbyte/").startswith("destination-"):
        raise ConnectorCommandError(
            f"name={name} is a destination. Only sources are added: the destination is BigQuery (docs/modes.md)."
        )
    meant = re.sub("[^a-z0-9]+", "-", name.lower().removeprefix("airbyte/")).strip("-").removeprefix("source-")
    hint = f" Did you mean source-{meant}?" if NAME.fullmatch(f"source-{meant}") else ""
    raise ConnectorCommandError(
        f"name={name} is not the name of a source, such as source-github: lower case letters, digits and -.{hint}"
    )


def require_same_id(found: Found, given: str, where: str) -> None:
    """Raise ConnectorCommandError if the user has given another definition id."""
    if given and given != found.definition_id:
        raise ConnectorCommandError(
            f"id={given} is not the id of {found.name} in {where}, which is {found.definition_id}. Leave out id=."
        )


def require_version(version: str) -> None:
    """Raise ConnectorCommandError for what cannot be a version. An empty text is the newest one."""
    if version and not VERSION.fullmatch(version):
        raise ConnectorCommandError(
            f"version={version} is not a version, such as 2.7.1. Leave out version= for the newest one."
        )


def plan(
    places: Places, registry: AirbyteRegistry, found: Found, version: str, say: Say, *, code: str = ""
) -> NewConnector:
    """Fetch a connector, try it, and return what would be written. Raises ConnectorCommandError, InstallError.

    `code`: the SHA-256 of the archive of Python code that the user agrees to run; empty without a consent.
    """
    require_version(version)
    require_free_id(places, found)
    clean(places)
    places.work.mkdir(parents=True)
    if found.way == "pypi":
        return from_pypi(places, found, version, say)
    if found.way == "manifest":
        return from_manifest(places, registry, found, version or found.version, say, code=code)
    return from_image(places, found, version or found.version, say)


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
    added: dict[str, str] = {}
    while True:
        try:
            return tried_package(places, resolver, found, version, added, say)
        except ConnectorCommandError as error:
            missing = missing_package(str(error))
            if not missing.keys() - added.keys():
                raise
            added |= missing
            say(f"  {error}\ntrying again with {', '.join(missing)}")


def tried_package(
    places: Places, resolver: Resolver, found: Found, version: str, added: dict[str, str], say: Say
) -> NewConnector:
    """Lock and install one release, with further requirements, and try it."""
    say(f"{found.package} {version}: locking its dependencies")
    lock = resolver.lock(found.package, version, added)
    say(f"installing {lock.packages} packages for a trial")
    places.trial_lock.write_text(lock.text, encoding="utf-8")
    trial.make_environment(places.trial, places.trial_lock, resolver.uv, resolver.python)
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
    delete_others(changes, folder, add_lock(changes, folder, lock))
    made = tried(places, found, connector_of(places, found.name, entry, places.trial), say)
    repairs = {**lock.overrides, **lock.added}
    notes = [f"override: {requirement} ({reason})" for requirement, reason in repairs.items()]
    return NewConnector(found, entry, changes, made, environment=found.name, notes=notes)


def make(places: Places, new: NewConnector) -> None:
    """Put the environment of the trial to the others, and write the files. After an error nothing is changed.

    Raises ChangesError, OSError.
    """
    if not new.environment:
        new.changes.make(places.journal)
        return
    target = places.environments / new.environment
    (places.trial / "installed").write_text(install.stamp_of([places.trial_lock], target))
    with install.one_at_a_time(), moved(places, new.environment, places.trial):
        new.changes.make(places.journal)
