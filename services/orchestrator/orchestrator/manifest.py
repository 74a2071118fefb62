"""dbt's manifest: made by `dbt parse` when it is absent, or when something has changed that a parse depends on.

Beside the manifest stands a fingerprint of that: the project's files, the environment variables that they read, dbt's
release. Times of files do not tell all of it: a manifest for another BQ_DATASET names other tables.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.version import Version

from orchestrator.dbt_integration import DbtProject
from platform_kit.locks import exclusive

# From the folder of this environment, which need not be on the PATH.
DBT = Path(sys.executable).parent / "dbt"
SUPPORTED = "1.11"
SOURCES = {".sql", ".yml", ".yaml", ".md", ".csv", ".py"}
READS = re.compile(rb"""\benv_var\s*\(\s*["'](\w+)""")
CHOICES = ("DBT_PROFILE", "DBT_TARGET", "DBT_ENGINE_PROFILE", "DBT_ENGINE_TARGET")
"""Variables of dbt that choose what is read of profiles.yml."""
UNUSED = {"BIGQUERY_EMULATOR_HOST", "BQ_MAXIMUM_BYTES_BILLED"}
"""Variables that are read and change nothing in a manifest: where the warehouse is, and the limit of a query."""
BEGINNING = 4096
"""Bytes of a manifest that have dbt's release, the time and the id of the command that made it."""


def dbt_project(folder: Path) -> DbtProject:
    """Return the project in a folder. Its target folder is that of dbt's variable DBT_TARGET_PATH, or `target`."""
    return DbtProject(folder, target_path=os.environ.get("DBT_TARGET_PATH") or "target")


def prepare(project: DbtProject) -> Path:
    """Return the path of the manifest; `dbt parse` makes it if it is absent or not current.

    The image contains the manifest, so run workers start without `dbt parse`. Raises RuntimeError with dbt's message,
    or if dbt 1 is not installed.
    """
    require_version()
    target = project.project_dir / project.target_path
    target.mkdir(parents=True, exist_ok=True)
    record = target / "manifest.sha256"
    inputs = fingerprint(project)
    if _is_current(project, record, inputs):
        return project.manifest_path
    with exclusive(target / "prepare.lock", on_wait=lambda: None):  # the code server and a run may do this together
        if not _is_current(project, record, inputs):
            options = ["--profiles-dir", str(project.profiles_dir), "--target-path", str(target)]
            command = [str(DBT), "--quiet", "--no-use-colors", "parse", *options]
            result = subprocess.run(command, cwd=project.project_dir, capture_output=True, text=True)
            if result.returncode:
                raise RuntimeError(f"The dbt project cannot be parsed:\n{result.stdout}{result.stderr}")
            # Files that change during the parse have another fingerprint than this earlier one.
            record.write_text(_of_both(project, inputs))
    return project.manifest_path


def require_version() -> None:
    """Raise RuntimeError unless dbt-core 1 is installed: dagster-dbt takes dbt 2 for dbt-core and fails later.

    dbt 2 has other events, another manifest and no Python package dbt-core (dagster#34215).
    """
    found = _version("dbt-core")
    if found and Version(found).major == 1:
        return
    raise RuntimeError(
        f"{f'dbt-core {found}' if found else 'No dbt-core'} is installed in {sys.prefix}. The platform needs dbt-core "
        f"{SUPPORTED}: dagster-dbt cannot run dbt 2. Install what is locked: python3 -m tools.install orchestrator"
    )


def fingerprint(project: DbtProject) -> str:
    """Return a hash of what `dbt parse` depends on: files, environment variables, releases of dbt."""
    found = hashlib.sha256()
    read: set[bytes] = set()
    profiles = project.profiles_dir / "profiles.yml"
    for path in (*sorted(_files(project)), *([profiles] if profiles.exists() else [])):
        content = path.read_bytes()
        read.update(READS.findall(content))
        found.update(f"{path.relative_to(project.project_dir, walk_up=True)} {len(content)}\n".encode() + content)
    names = {name.decode() for name in read} - UNUSED
    values = [(name, os.environ.get(name)) for name in sorted(names)]  # dbt's default is not for an empty variable
    values += [(name, os.environ.get(name) or None) for name in CHOICES]  # here an empty variable counts as unset
    found.update(repr([values, [_version(name) for name in ("dbt-core", "dbt-bigquery")]]).encode())
    return found.hexdigest()


def _files(project: DbtProject) -> Iterator[Path]:
    generated = {project.project_dir / name for name in ("target", "logs", project.target_path)}
    seen = {project.project_dir.resolve()}  # a link may lead to a folder above it
    for directory, folders, names in project.project_dir.walk(follow_symlinks=True):  # to a local package
        found = {name: (directory / name).resolve() for name in sorted(folders) if directory / name not in generated}
        folders[:] = [name for name, folder in found.items() if folder not in seen]
        seen.update(found.values())
        yield from (directory / name for name in names if Path(name).suffix in SOURCES or name == ".dbtignore")


def _is_current(project: DbtProject, record: Path, inputs: str) -> bool:
    if not (project.manifest_path.exists() and record.exists()):
        return False
    return record.read_text() == _of_both(project, inputs)


def _of_both(project: DbtProject, inputs: str) -> str:
    """Return a hash of the inputs and of this manifest: another command of dbt may have replaced it."""
    with project.manifest_path.open("rb") as file:
        return hashlib.sha256(inputs.encode() + file.read(BEGINNING)).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
