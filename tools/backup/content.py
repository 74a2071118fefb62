"""The folder of a backup: its parts, and a manifest with their checksums.

A folder is written under another name and renamed at the end, so a folder with a backup's name is complete.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from platform_kit import locks
from tools.local.processes import uninterrupted

FORMAT = 1
MANIFEST = "manifest.json"
DRAFT = ".unfinished"
SEALED = ".age"
LOCK = ".lock"
WAYS = ("processes", "containers")


class BackupError(Exception):
    """A backup or a restore that failed. The message says what happened, why, and the next command."""


class NotABackupError(BackupError):
    """A folder that is not a backup."""


@dataclass
class Manifest:
    """What a backup holds."""

    way: str
    """Where it is from: processes (make dev) or containers (make up)."""
    created: str
    settings: dict[str, str]
    """The settings that decide where data are: project, dataset, bucket."""
    encrypted: bool = False
    parts: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of each file of the folder."""
    format: int = FORMAT


@contextmanager
def alone(parent: Path) -> Iterator[None]:
    """Lock the folder of the backups: a second command would delete the first one's draft and continue its services.

    The kernel releases the lock when the process ends, also after kill -9. Raises BackupError if another one has it.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(locks.exclusive(parent / LOCK))
        except locks.LockedError as error:
            raise BackupError(
                "another backup or restore works in this checkout. Nothing was changed. Wait for its end, then run the "
                "same command again."
            ) from error
        yield


@contextmanager
def new_backup(parent: Path, way: str, settings: dict[str, str]) -> Iterator[tuple[Path, Manifest]]:
    """Give an empty folder and its manifest; at the end write the manifest, verify the folder and give it its name.

    What a killed backup has left is removed first. After an error or a signal nothing is left. Needs alone().
    """
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"*{DRAFT}"):
        shutil.rmtree(left)
    created = free_name(parent, "").name
    draft = parent / f"{created}{DRAFT}"
    draft.mkdir(mode=0o700)
    try:
        manifest = Manifest(way, created, settings)
        yield draft, manifest
        manifest.parts = {path.name: checksum(path) for path in sorted(draft.iterdir())}
        write_durably(draft / MANIFEST, json.dumps(asdict(manifest), indent=2) + "\n")
        verify(draft)
        draft.rename(parent / created)
    except BaseException:
        with uninterrupted():  # the draft may have secrets in plain text
            shutil.rmtree(draft, ignore_errors=True)
        raise


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup. Raises BackupError if the folder has none, or one of another release."""
    try:
        content = json.loads((folder / MANIFEST).read_text())
        if (number := content.get("format", FORMAT)) != FORMAT:
            raise BackupError(f"{folder} has the format {number}; this release reads {FORMAT}. Use its own release.")
        found = Manifest(**content)
    except FileNotFoundError as error:
        what = "has no manifest.json, so it is not a backup" if folder.is_dir() else "is not a folder"
        raise NotABackupError(f"{folder} {what}.") from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise NotABackupError(f"the {MANIFEST} of {folder} cannot be read ({why}).") from error
    if not (isinstance(found.parts, dict) and found.parts and isinstance(found.settings, dict) and found.way in WAYS):
        raise NotABackupError(f"the {MANIFEST} of {folder} does not say what the backup has.")
    return found


def verify(folder: Path) -> Manifest:
    """Read every part again and compare its checksum. Raises BackupError."""
    manifest = read_manifest(folder)
    for name, expected in manifest.parts.items():
        path = folder / name
        if not path.is_file():
            raise BackupError(f"{path} is missing: the backup is not complete. Use another one.")
        if checksum(path) != expected:
            raise BackupError(f"{path} is damaged: its checksum is not the one in {MANIFEST}. Use another backup.")
    return manifest


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(folder: Path, target: Path, wanted: Callable[[str], bool]) -> None:
    """Write the files of a folder into a tar file. `wanted` gets each path below the folder."""

    def chosen(item: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return item if item.name in ("", ".") or wanted(item.name.removeprefix("./")) else None

    with private(target) as file, tarfile.open(fileobj=file, mode="w") as archive:
        archive.add(folder, arcname=".", filter=chosen)


def unpack(part: Path, folder: Path) -> None:
    """Write the files of a tar file below an empty folder. Raises BackupError for a path that leads out of it."""
    try:
        with tarfile.open(part) as archive:
            archive.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise BackupError(f"{part} cannot be unpacked: {error}. Nothing was changed. Use another backup.") from error


def free_name(parent: Path, beginning: str) -> Path:
    """Return a path with the time in its name; with a number behind it if there is one of the same second."""
    name = f"{beginning}{time.strftime('%Y%m%d-%H%M%S')}"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(path for path in (parent / each for each in names) if not path.exists())


@contextmanager
def private(path: Path) -> Iterator[IO[bytes]]:
    """Give a new file that only its owner can read; at the end its content is on the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_durably(path: Path, text: str) -> None:
    """Write a new text file."""
    with private(path) as file:
        file.write(text.encode())


def require_settings(manifest: Manifest, present: dict[str, str]) -> None:
    """Raise BackupError if the backup's project, dataset or bucket is not the platform's."""
    other = [
        f"{name}={value} (here {present.get(name, '')})"
        for name, value in manifest.settings.items()
        if present.get(name, "") != value
    ]
    if other:
        raise BackupError(
            f"the backup is of a platform with {', '.join(other)}. Set these in .env (without Docker: in the "
            "environment), then restore again."
        )


def parts_of(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the parts with these names. Raises BackupError if one is missing."""
    found = [folder / name for name in names]
    for path in found:
        if not path.is_file():
            raise BackupError(f"{path} is missing: the backup is not complete. Use another one.")
    return found
