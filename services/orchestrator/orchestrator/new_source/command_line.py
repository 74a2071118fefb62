"""The command line of `make new-source` and `make remove-source`. tools/local/source.py calls it."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from connections_file import ConnectionsFileError
from orchestrator.new_source.adding import NewSource, Places, plan
from orchestrator.new_source.files import temporary_folder
from orchestrator.new_source.removing import plan_removal
from orchestrator.settings import Settings
from platform_kit.file_changes import Changes, ChangesError, only_one, take_back
from platform_kit.settings import SettingsError
from source_texts.errors import SourceError

NOT_CONFIRMED = 3
"""The exit code when the answer is no."""


def add(places: Places, arguments: argparse.Namespace) -> int:
    """Show what a new source would change, ask, and change it."""
    header = {"": None, "yes": True, "no": False}[arguments.header]
    key = [part.strip() for part in arguments.key.split(",") if part.strip()]
    with temporary_folder() as folder:
        new = plan(places, arguments.name, arguments.file, key=key, header=header, downloads=Path(folder))
        for line in _about(new):
            print(line)
        return _make(new.changes, places, "Write these changes?", yes=arguments.yes, command="new-source")


def remove(places: Places, arguments: argparse.Namespace) -> int:
    """Show what the removal of a source would change, ask, and change it."""
    changes = plan_removal(places, arguments.name)
    return _make(changes, places, "Make these changes?", yes=arguments.yes, command="remove-source")


def _about(new: NewSource) -> Iterable[str]:
    files = f" in {len(new.given.paths)} files" if len(new.given.paths) > 1 else ""
    yield f"{new.given.shown}: {new.found.filetype}, {new.found.records:,} records{files}"
    width = max(len(column.name) for column in new.found.columns)
    for column in new.found.columns:
        cast = (column.cast or "{}").format(column.name)
        marked = "key" if column.name in new.key else ""
        why = f"  ({column.why})" if column.why else ""
        yield f"  {column.name:<{width}}  {column.landing:<8} {marked:<4} {cast}  e.g. {column.example}{why}".rstrip()
    others = [",".join(key) for key in new.found.keys if key != new.key]
    if new.key:
        yield f"  key: {','.join(new.key)}" + (f" (also unique: {'; '.join(others)}; key=… chooses)" if others else "")
    else:
        yield "  key: none found (key=column,column sets one)"
    for note in new.notes:
        yield f"  note: {note}"


def _make(changes: Changes, places: Places, question: str, *, yes: bool, command: str) -> int:
    print()
    for line in changes.diff():
        print(line)
    print(flush=True)
    if not yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise SourceError(
                f"make {command} asks before it writes, and this is not a terminal. Nothing was changed. "
                "To write without a question: yes=1"
            )
        answer = ""
        with suppress(EOFError):  # Ctrl-D
            answer = input(f"{question} [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            print("Nothing was changed.")
            return NOT_CONFIRMED
    changes.make(places.journal)
    return 0


def main(given: list[str] | None = None) -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="new_source")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--seed-folder", type=Path, required=True)
    commands = parser.add_subparsers(required=True)
    adding, removing = commands.add_parser("add"), commands.add_parser("remove")
    adding.set_defaults(command=add)
    removing.set_defaults(command=remove)
    adding.add_argument("--file", required=True)
    adding.add_argument("--key", default="")
    adding.add_argument("--header", choices=["", "yes", "no"], default="")
    for one in (adding, removing):
        one.add_argument("--name", required=True)
        one.add_argument("--yes", action="store_true")
    arguments = parser.parse_args(given)
    try:
        settings = Settings.read()
        places = Places(arguments.root, settings.connections_file, settings.dbt_project, arguments.seed_folder)
        with only_one(places.journal, "make new-source or make remove-source"):
            if take_back(places.journal):
                print("An earlier command was interrupted: its changes were undone.", file=sys.stderr)
            code: int = arguments.command(places, arguments)
    except (SourceError, ChangesError, ConnectionsFileError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    except FileNotFoundError as error:  # of CONNECTIONS_FILE or DBT_PROJECT_DIR
        print(f"{error.filename}: file not found.", file=sys.stderr)
        return 1
    return code
