"""Backup and restore of the platform on Docker Compose: its volumes, and a dump of Dagster's database.

While the volumes are copied, the containers that write are paused. The copy is then what a `kill -9` of all of them at
one moment would leave; Airbyte is paused first, so that no state is ahead of its data. The dump is Postgres' own,
because its files would fit only the same processor architecture.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.backup.content import BackupError, Manifest, new_backup, parts_of, private, require_settings
from tools.backup.quiet import busy, wait_for_quiet
from tools.backup.seal import opened, seal
from tools.local.processes import uninterrupted
from tools.stack.compose import ROOT, StackError, output, project, read_env, states, succeeds, urls, warn
from tools.stack.running import compose_services

WAY = "containers"
SETTINGS = ("BQ_PROJECT", "BQ_DATASET", "S3_BUCKET", "WAREHOUSE")
VOLUMES = ("warehouse", "localstack", "compute_logs", "alerts", "console", "bootstrap", "airbyte")
"""A restore fills them in this order: Airbyte's states come after their data. Postgres has a dump instead."""
PAUSED = ("console", "daemon", "code", "webserver", "airbyte", "localstack", "warehouse")
"""In this order: no new run, then no new state, then no new data."""
DUMP = "dagster.dump"
DOWN = ["docker", "compose", "--profile", "*", "--progress", "quiet", "down", "--volumes", "--remove-orphans"]
DATABASE = ["--username", "dagster", "--dbname", "dagster"]


def backup(parent: Path, passphrase: str) -> Path:
    """Copy the platform into a new backup and return the backup's folder. Raises BackupError, StackError, OSError."""
    settings = read_env()
    _require_lite(settings)
    running = compose_services()
    if "postgres" not in running or "airbyte" not in running:
        raise BackupError("the platform does not run on Docker. Start it: make up. Then: make backup")
    with new_backup(parent, WAY, {name: settings.get(name, "") for name in SETTINGS}) as (draft, manifest):
        # An interrupted backup may have left containers paused.
        subprocess.run(["docker", "compose", "unpause"], cwd=ROOT, capture_output=True)
        addresses = urls(settings)
        wait_for_quiet(lambda: busy(addresses["airbyte"].removesuffix("/docs"), addresses["webserver"], settings))
        with paused([name for name in PAUSED if name in running]):
            # The history first: it may lack the newest data, but must not mention data that the backup lacks.
            _pipe(
                ["docker", "compose", "exec", "-T", "postgres", "pg_dump", "--format=custom", *DATABASE], draft / DUMP
            )
            for name in VOLUMES:
                if _exists(name):
                    _pipe([*_tar(name, "ro"), "tar", "-C", "/volume", "-cf", "-", "."], draft / f"{name}.tar")
        if passphrase:
            seal(draft, passphrase)
            manifest.encrypted = True
    return parent / manifest.created


@contextmanager
def paused(services: list[str]) -> Iterator[None]:
    """Pause services in this order; continue all of them at the end, also after an error or a signal.

    Raises BackupError if a service is still paused after that.
    """
    held: list[str] = []
    try:
        for service in services:
            held.append(service)
            output("docker", "compose", "pause", service)
        yield
    finally:
        with uninterrupted():
            for service in reversed(held):
                subprocess.run(["docker", "compose", "unpause", service], cwd=ROOT, capture_output=True)
            _require_continued(held)


def _require_continued(services: list[str]) -> None:
    """Raise BackupError if a service is still paused, or if Docker does not say so."""
    try:
        found = states()
    except StackError as error:
        raise BackupError(
            "it is not known whether all services go on after the copy. To continue them: docker compose unpause. "
            f"The reason: {error}"
        ) from error
    still = [service for service in services if found.get(service, {}).get("Paused")]
    if still:
        raise BackupError(
            f"still paused after the copy: {', '.join(still)}. To continue: docker compose unpause {' '.join(still)}"
        )


def restore(folder: Path, manifest: Manifest, passphrase: str) -> None:
    """Put a backup into the platform's volumes; earlier volumes are removed. Raises BackupError, StackError.

    After an error or a signal, the new volumes are removed too: states without their data would lose rows.
    """
    settings = read_env()
    _require_lite(settings)
    require_settings(manifest, settings)
    if compose_services():
        raise BackupError("the platform runs. Stop it: make down. Then restore again.")
    if not succeeds("docker", "image", "inspect", _image()):
        raise BackupError(f"the image {_image()} is missing. Make the images: make images. Then restore again.")
    volumes = [name.removesuffix(".age").removesuffix(".tar") for name in manifest.parts if ".tar" in name]
    with opened(folder, manifest, passphrase, ROOT / ".local") as plain:
        if unknown := sorted(set(volumes) - set(VOLUMES)):
            raise BackupError(
                f"the backup has {', '.join(unknown)}, which this release does not have. Use its release."
            )
        parts_of(plain, [DUMP, *(f"{name}.tar" for name in volumes)])
        try:
            output(*DOWN)
            _fill(plain, volumes)
        except BaseException:
            with uninterrupted():
                _remove_volumes()
            raise


def _fill(plain: Path, volumes: list[str]) -> None:
    """Make the volumes and Dagster's database from the parts in a folder. Raises BackupError, StackError."""
    for name in sorted(volumes, key=VOLUMES.index):
        labels = [f"com.docker.compose.project={project()}", f"com.docker.compose.volume={name}"]
        output("docker", "volume", "create", *(f"--label={label}" for label in labels), _volume(name))
        _feed([*_tar(name, "rw"), "tar", "-C", "/volume", "--numeric-owner", "-xpf", "-"], plain / f"{name}.tar")
    output("docker", "compose", "--progress", "quiet", "up", "--detach", "--wait", "postgres")
    load = ["docker", "compose", "exec", "-T", "postgres", "pg_restore", "--no-owner", "--single-transaction"]
    _feed([*load, *DATABASE], plain / DUMP)
    output("docker", "compose", "--progress", "quiet", "stop", "postgres")


def _remove_volumes() -> None:
    """Remove what an unfinished restore has made, and say whether that succeeded."""
    for _ in range(10):  # the container that filled a volume ends a moment after its input
        removed = succeeds(*DOWN) and not has_data()
        if removed:
            warn(
                "restore: it did not end, so its volumes were removed: the platform on Docker is empty. Restore again."
            )
            return
        time.sleep(1)
    warn(
        "restore: it did not end, and its volumes could not be removed. Do not start the platform: a part of its data "
        f"is missing. Restore again, or remove the volumes: {' '.join(DOWN).replace('*', repr('*'))}"
    )


def has_data() -> bool:
    """Return whether this checkout's platform has volumes; False also if Docker does not answer."""
    if not read_env().get("COMPOSE_PROJECT_NAME"):
        return False
    return any(_exists(name) for name in ("postgres", *VOLUMES))


def _require_lite(settings: dict[str, str]) -> None:
    if settings.get("AIRBYTE_MODE", "lite") != "lite":
        raise BackupError(
            f"AIRBYTE_MODE={settings['AIRBYTE_MODE']}: the real Airbyte keeps its states in a database of its own, "
            "which this command does not copy. Back it up with Airbyte's own tools."
        )


def _image() -> str:
    return f"{project()}-bootstrap:local"


def _volume(name: str) -> str:
    return f"{project()}_{name}"


def _exists(name: str) -> bool:
    return succeeds("docker", "volume", "inspect", _volume(name))


def _tar(name: str, mode: str) -> list[str]:
    """Return the beginning of a command in a container that has nothing but the volume."""
    run = ["docker", "run", "--rm", "--interactive", "--network", "none", "--user", "0:0", "--entrypoint", ""]
    return [*run, "--volume", f"{_volume(name)}:/volume:{mode}", _image()]


def _pipe(command: list[str], target: Path) -> None:
    """Write what a command prints into a file. Raises BackupError with its error output."""
    with private(target) as file:
        result = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE)
    _require_success(command, result)


def _feed(command: list[str], source: Path) -> None:
    """Run a command with a file as its input. Raises BackupError with its error output."""
    with source.open("rb") as file:
        result = subprocess.run(command, cwd=ROOT, stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _require_success(command, result)


def _require_success(command: list[str], result: subprocess.CompletedProcess[bytes]) -> None:
    if result.returncode:
        shown = " ".join(command)[:120]
        raise BackupError(f"`{shown}` failed: {result.stderr.decode(errors='replace').strip()}")
