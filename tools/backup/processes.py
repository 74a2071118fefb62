"""Backup and restore of the platform without Docker: the folder of `make dev`.

While the folder is copied, every process of the platform is stopped by SIGSTOP and continued afterwards. The copy is
then what a `kill -9` of all processes at one moment would leave, and the platform loses nothing by that: data are
written before the state that says so.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools.backup.content import BackupError, Manifest, free_name, new_backup, pack, parts_of, require_settings, unpack
from tools.backup.quiet import busy, wait_for_quiet
from tools.backup.seal import opened, seal
from tools.local import marked
from tools.local.claims import ClaimedError, claim
from tools.local.processes import uninterrupted

WAY = "processes"
DATA = "data.tar"
SETTINGS = ("BQ_PROJECT", "BQ_DATASET", "S3_BUCKET")
ORDER = ("dagster", "airbyte", "s3", "warehouse")
"""What writes state is stopped before what writes data."""
FOLDERS = ("airbyte", "alerts", "bootstrap", "console", "dagster", "warehouse")
"""What is copied, besides the objects of S3."""


def is_data(path: str) -> bool:
    """Return whether a file of the platform's folder cannot be made again. Logs, links and locks can."""
    top, _, below = path.partition("/")
    if top == "s3":
        return not below or below.split("/")[0] == "objects"
    return top in FOLDERS and not path.endswith((".pid", ".sock"))


def backup(
    directory: Path, parent: Path, settings: dict[str, str], passphrase: str, running: dict[str, str] | None
) -> Path:
    """Copy the platform's folder into a new backup and return the backup's folder. Raises BackupError, OSError.

    `running`: the variables of the `make dev` that runs with this folder; None: none runs.
    """
    if not has_data(directory):
        raise BackupError(
            f"{directory} has no data, and no platform on Docker runs in this checkout: there is nothing to back up. "
            "Start the platform: make up, or without Docker make dev. Then: make backup"
        )
    chosen = {name: settings.get(name, "") for name in SETTINGS}
    with new_backup(parent, WAY, chosen) as (draft, manifest):
        with ExitStack() as stack:
            if running:
                # A killed backup may have left them stopped.
                marked.send(marked.find(directory / "logs"), signal.SIGCONT)
                wait_for_quiet(lambda: busy(running["AIRBYTE_URL"], running["DAGSTER_URL"], running))
            else:
                try:
                    stack.enter_context(claim(directory))  # no `make dev` starts meanwhile
                except ClaimedError as error:
                    raise BackupError("`make dev` is starting. Wait until it is ready, then: make backup") from error
            with stopped(directory / "logs") as held:
                if running and not held:  # only Linux tells which they are
                    raise BackupError("the processes of `make dev` were not found. Stop it (Ctrl-C), then: make backup")
                pack(directory, draft / DATA, is_data)
                _require_still_stopped(directory / "logs", held)
        if passphrase:
            seal(draft, passphrase)
            manifest.encrypted = True
    return parent / manifest.created


@contextmanager
def stopped(logs: Path) -> Iterator[dict[int, str]]:
    """Stop the processes of the services with these logs; continue them at the end, also after an error or a signal.

    Raises BackupError if a process could not be stopped or continued.
    """
    held: dict[int, str] = {}
    try:
        for service in ORDER:
            # A process may have made another one meanwhile.
            while new := {process: line for process, line in _of(logs, service).items() if process not in held}:
                held |= new
                marked.send(new, signal.SIGSTOP)
        _wait_until_stopped(held)
        yield held
    finally:
        with uninterrupted():
            marked.send(held, signal.SIGCONT)
            _wait_until_continued(held)


def _require_still_stopped(logs: Path, held: dict[int, str]) -> None:
    """Raise BackupError if a process worked during the copy: `make dev` starts a service again that has ended."""
    working = [process for service in ORDER for process in _of(logs, service) if process not in held]
    working += [process for process in held if _state(process) not in "TtZX"]
    if working:
        raise BackupError(
            f"a service was started again during the copy (process {working[0]}), so the copy may be incomplete. It "
            "was removed. Run again: make backup"
        )


def _of(logs: Path, service: str) -> dict[int, str]:
    return marked.find(logs / f"{service}.log")


def _wait_until_stopped(processes: dict[int, str]) -> None:
    """SIGSTOP takes effect a moment after it was sent. Raises BackupError after 10 s."""
    deadline = time.monotonic() + 10
    for process in processes:
        while _state(process) not in "TtZX":
            if time.monotonic() > deadline:
                raise BackupError(f"the process {process} could not be stopped for the copy. Run again: make backup")
            time.sleep(0.01)


def _wait_until_continued(processes: dict[int, str]) -> None:
    """SIGCONT takes effect a moment after it was sent. Raises BackupError after 10 s."""
    deadline = time.monotonic() + 10
    while left := [process for process in processes if _state(process) == "T"]:
        if time.monotonic() > deadline:
            shown = " ".join(map(str, left))
            raise BackupError(f"these processes are still stopped after the copy. To continue them: kill -CONT {shown}")
        time.sleep(0.01)


def _state(process: int) -> str:
    """Return the letter of a process's state in /proc; X if it has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def restore(
    folder: Path, manifest: Manifest, directory: Path, settings: dict[str, str], passphrase: str
) -> Path | None:
    """Put a backup in the place of the platform's folder; return where the folder is kept that was there before.

    The backup is unpacked beside it first, so that an interruption leaves the folder as it was. Raises BackupError.
    """
    require_settings(manifest, settings)
    try:
        with claim(directory):
            draft = directory.with_name(f"{directory.name}.restoring")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(mode=0o700)
            try:
                with opened(folder, manifest, passphrase, directory.parent) as plain:
                    [part] = parts_of(plain, [DATA])
                    unpack(part, draft)
            except BaseException:
                with uninterrupted():  # on a full disk it would keep the space
                    shutil.rmtree(draft, ignore_errors=True)
                raise
            kept = None
            if directory.exists():
                kept = free_name(directory.parent, f"{directory.name}.before-")
                directory.rename(kept)
            draft.rename(directory)
            return kept
    except ClaimedError as error:
        raise BackupError(f"{error}\nA restore needs a platform that does not run.") from error


def has_data(directory: Path) -> bool:
    """Return whether there is something that a restore would replace."""
    return any(any((directory / name).iterdir()) for name in FOLDERS if (directory / name).is_dir())
