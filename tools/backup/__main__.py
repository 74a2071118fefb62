"""The command line: `backup`, and `restore FOLDER [--yes]`. The Makefile calls it.

The passphrase is in the variable BACKUP_PASSPHRASE, so that it is not in the list of processes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools import endings
from tools.backup import containers, processes
from tools.backup.content import MANIFEST, BackupError, Manifest, NotABackupError, alone, verify
from tools.local.claims import DEVELOPMENT, development
from tools.local.platform import ROOT, Platform, warn
from tools.local.processes import interruptible
from tools.settings_table import PORTS
from tools.stack.compose import StackError
from tools.stack.running import compose_services

BACKUPS = ROOT / "backups"


def backup() -> None:
    """Back up the platform that runs; else that of `make dev`, if it is the only one with data."""
    passphrase = os.environ.get("BACKUP_PASSPHRASE", "")
    running = development()
    if not running and compose_services():
        what = "the platform on Docker (make up)"
        folder = containers.backup(BACKUPS, passphrase)
    elif not running and containers.has_data():
        raise BackupError(
            "the platform on Docker has data in this checkout, but it does not run. Start it: make up. Or start "
            "the one without Docker: make dev. Then: make backup"
        )
    else:
        what = "the platform without Docker (make dev)"
        folder = processes.backup(DEVELOPMENT, BACKUPS, _settings(), passphrase, running)
    size = sum(path.stat().st_size for path in folder.iterdir())
    shown = folder.relative_to(ROOT)
    print(
        f"Backup {shown} of {what}: {size / 1e6:.1f} MB, read again and verified. To restore it: make restore f={shown}"
    )
    if not passphrase:
        print("It is not encrypted, and it has the secrets of Airbyte's sources. To encrypt: BACKUP_PASSPHRASE='…'")


def restore(name: str, *, yes: bool) -> None:
    """Restore a backup the way it was made: into the folder of `make dev`, or into the volumes of `make up`."""
    folder = Path(name).expanduser()
    try:
        manifest = verify(folder)
    except NotABackupError as error:
        made = sorted(path.parent for path in BACKUPS.glob(f"*/{MANIFEST}"))
        newest = made[-1].relative_to(BACKUPS.parent) if made else "backups/20260131-120000"
        raise BackupError(f"{error} Name the folder of a backup, for example: make restore f={newest}") from error
    passphrase = os.environ.get("BACKUP_PASSPHRASE", "")
    if manifest.way == containers.WAY:
        if containers.has_data():
            _ask(manifest, "removes the data of the platform on Docker", yes=yes)
        containers.restore(folder, manifest, passphrase)
        print("Restored. Next: make up")
        return
    if processes.has_data(DEVELOPMENT):
        _ask(manifest, "puts the data of make dev aside", yes=yes)
    kept = processes.restore(folder, manifest, DEVELOPMENT, _settings(), passphrase)
    print("Restored. Next: make dev" + (f". The earlier data are in {kept}; remove them by hand" if kept else ""))


def _settings() -> dict[str, str]:
    return Platform(DEVELOPMENT, PORTS).environment


def _ask(manifest: Manifest, what: str, *, yes: bool) -> None:
    """Ask before data are replaced. Raises BackupError without consent."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise BackupError(
            f"the restore {what}, so it asks first, and this is not a terminal. Nothing was changed. To restore "
            "without a question: yes=1"
        )
    if input(f"The restore of {manifest.created} {what}. Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise BackupError("not confirmed. Nothing was changed.")


def main(arguments: list[str]) -> int:
    """Run a command; return the exit code."""
    command = arguments[0]
    interruptible()
    try:
        if command == "backup":
            with alone(BACKUPS):
                backup()
        elif len(arguments) < 2 or not arguments[1]:
            raise BackupError(
                "the folder of the backup is missing. For example: make restore f=backups/20260131-120000"
            )
        else:
            with alone(BACKUPS):
                restore(arguments[1], yes=bool(arguments[2:]))
    except (BackupError, StackError) as error:
        warn(f"{command}: {error}")
        return 1
    except OSError as error:
        where = error.filename2 or error.filename
        warn(
            f"{command}: {error.strerror or error}{f': {where}' if where else ''}. To try again, run the same command."
        )
        return 1
    except KeyboardInterrupt:
        warn(f"{command}: interrupted. To try again, run the same command.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(endings.ended(sys.argv[1], lambda: main(sys.argv[1:])))
