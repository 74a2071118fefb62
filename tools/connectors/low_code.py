"""`make connector` for a low-code connector: its manifest, pinned by its hash, run with airbyte-cdk."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from platform_kit.file_changes import Changes
from tools import install
from tools.connectors import entries, trial
from tools.connectors.airbyte_registry import AirbyteRegistry, Found
from tools.connectors.entries import Entry
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.manifests import Manifest, fetch
from tools.connectors.new import (
    NewConnector,
    Places,
    Say,
    add_lock,
    changes_of,
    connector_of,
    delete_others,
    require_other_version,
    tried,
    write,
)
from tools.connectors.pypi import Resolver

LOW_CODE = "source-declarative-manifest"
"""The entry whose environment runs manifests."""


def from_manifest(
    places: Places, registry: AirbyteRegistry, found: Found, version: str, say: Say, *, code: str
) -> NewConnector:
    """Fetch a manifest and try it: in the low-code environment, or with Python code in an environment of its own.

    `code`: the SHA-256 of the archive of Python code that the user agrees to run.
    """
    require_other_version(places, found.name, version)
    say(f"{found.name} {version}: fetching its manifest")
    manifest = fetch(registry, found.name, version)
    require_consent(found.name, version, manifest, code)
    shared = entries.read(places.registry.read_text(encoding="utf-8")).get(LOW_CODE)
    if shared is None:
        raise ConnectorCommandError(f"connectors.toml has no {LOW_CODE}, whose environment runs manifests.")
    folder = places.connectors / found.name
    entry: Entry = {
        "title": found.title,
        "definition_id": found.definition_id,
        "version": version,
        "manifest": f"{found.name}/manifest.yaml",
        "manifest_sha256": manifest.sha256,
    }
    entry |= {"lock": str(shared["lock"]), "command": str(shared["command"])}
    archive = f"components-{version}.zip"
    kept = {"manifest.yaml"}
    trial_files = places.work / found.name
    trial_files.mkdir()
    (trial_files / "manifest.yaml").write_text(manifest.text, encoding="utf-8", newline="")
    environment = places.environments / Path(str(shared["lock"])).parent
    if manifest.archive is not None:
        (trial_files / archive).write_bytes(manifest.archive)
        entry |= {
            "lock": f"{found.name}/requirements.txt",
            "components": f"{found.name}/{archive}",
            "components_sha256": manifest.archive_sha256,
            "components_consent": f"code={code} on {datetime.date.today().isoformat()}",
        }
        environment = places.trial
    changes = changes_of(places, found.name, entry)
    write(changes, folder / "manifest.yaml", manifest.text)
    changes.long[folder / "manifest.yaml"] = f"{len(manifest.text):,} characters, SHA-256 {manifest.sha256}"
    if manifest.archive is not None:
        kept |= {archive} | own_environment(places, changes, folder, shared, say)
        if not (folder / archive).exists():
            changes.copies.append((trial_files / archive, folder / archive))
    elif not (environment / "bin/python").exists() and install.main([f"connectors/{environment.name}"]):
        raise ConnectorCommandError("The environment of low-code connectors could not be installed.")
    delete_others(changes, folder, kept)
    made = tried(places, found, connector_of(places, found.name, entry, environment, places.work), say)
    own = found.name if manifest.archive is not None else ""
    notes = [f"Python code of the registry: {name}" for name in manifest.classes]
    return NewConnector(found, entry, changes, made, environment=own, notes=notes)


def require_consent(name: str, version: str, manifest: Manifest, code: str) -> None:
    """Raise ConnectorCommandError, with the code, if the user has not agreed to run exactly this archive of code."""
    if manifest.archive is None or code == manifest.archive_sha256:
        return
    other = f"code={code} is the consent to other code than the registry has now. " if code else ""
    raise ConnectorCommandError(
        f"{other}The manifest of {name} {version} needs Python code of the registry: {', '.join(manifest.classes)}. "
        "It runs with the rights of any connector: it sees its configuration with the secrets in it, and the network. "
        "Read it, then agree with the SHA-256 of its archive, which is recorded in connectors.toml:\n"
        f"  make connector name={name} version={version} code={manifest.archive_sha256}\n\n{manifest.code}"
    )


def own_environment(places: Places, changes: Changes, folder: Path, shared: dict[str, Any], say: Say) -> set[str]:
    """Lock and install airbyte-cdk in an environment of its own, for a connector with Python code of the registry.

    Return the names of the lock's files.
    """
    resolver = Resolver(places.work)
    package, version = str(shared["package"]), str(shared["version"])
    say(f"locking {package} {version} for an environment of its own")
    lock = resolver.lock(package, version)
    say(f"installing {lock.packages} packages for a trial")
    places.trial_lock.write_text(lock.text, encoding="utf-8")
    trial.make_environment(places.trial, places.trial_lock, resolver.uv, resolver.python)
    return add_lock(changes, folder, lock)
