"""The command line: `python -m tools.connectors add | list | remove | table`. make sets the options."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from platform_kit.file_changes import Changes, ChangesError, only_one, take_back
from platform_kit.settings_table import TABLE
from tools import endings
from tools.connectors import adding, compatibility, entries, listing, removing
from tools.connectors.airbyte_registry import AirbyteRegistry
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.new import NewConnector, Places, clean
from tools.connectors.placing import put_in_order
from tools.install import InstallError

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = "make connector or make connector-remove"


def add(places: Places, given: dict[str, str]) -> int:
    """Find and try a connector, show what would be written, ask, and write it. Return the exit code."""
    code = agreed_to_code(given)
    adding.require_version(given["version"])
    source = registry()
    found = adding.look_up(source, given["name"], given["id"], say)
    new = adding.plan(places, source, found, given["version"], say, code=code)
    for note in new.notes:
        say(f"  {note}")
    if not agreed(new.changes, "Write these changes?", given, "connector"):
        return 0
    adding.make(places, new)
    say("\n".join(next_steps(new)))
    return 0


def remove(places: Places, given: dict[str, str]) -> int:
    """Show what the removal of a connector would change, ask, and change it. Return the exit code."""
    changes = removing.plan(
        places, given["name"], Path(os.environ.get("CONNECTIONS_FILE") or ROOT / "connections.yaml")
    )
    if not agreed(changes, "Make these changes?", given, "connector-remove"):
        return 0
    removing.make(places, given["name"], changes)
    say(f"{given['name']} was removed from the checkout. On Docker, make up takes it out of the image.")
    return 0


def show(places: Places) -> int:
    """Print the table of the installed connectors. Return the exit code."""
    for line in listing.lines(places, registry()):
        say(line)
    return 0


def registry() -> AirbyteRegistry:
    """Return Airbyte's registry, or the one of AIRBYTE_REGISTRY."""
    setting = TABLE["AIRBYTE_REGISTRY"]
    return AirbyteRegistry(os.environ.get(setting.name) or setting.default)


def configuration(file: str, names: Sequence[str]) -> dict[str, Any] | None:
    """Return the configuration in a JSON file; None without a file. Raises ConnectorCommandError."""
    if not file:
        return None
    if len(names) != 1:
        raise ConnectorCommandError("config= is the configuration of one connector: give one name in names=.")
    try:
        found = json.loads(Path(file).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConnectorCommandError(f"config={file} is not a file with JSON: {why}.") from error
    if not isinstance(found, dict):
        raise ConnectorCommandError(f"config={file} is not a JSON object.")
    return found


def agreed_to_code(given: dict[str, str]) -> str:
    """Return the SHA-256 in code=, or an empty text. Raises ConnectorCommandError for another value."""
    if given["code"] and not re.fullmatch("[0-9a-f]{64}", given["code"]):
        raise ConnectorCommandError(
            f"code={given['code']} is not the SHA-256 of an archive of code. Run the command without code=: it shows "
            "the code and the value to agree with."
        )
    return given["code"]


def agreed(changes: Changes, question: str, given: dict[str, str], command: str) -> bool:
    """Show the changes and return whether the user wants them. Raises ConnectorCommandError without a terminal."""
    say("")
    for line in changes.diff():
        say(line)
    if given["yes"]:
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConnectorCommandError(
            f"make {command} asks before it writes, and this is not a terminal. Nothing was changed. "
            "To write without a question: yes=1"
        )
    if input(f"{question} [y/N] ").strip().lower() in ("y", "yes"):
        return True
    say("Nothing was changed.")
    return False


def next_steps(new: NewConnector) -> Iterator[str]:
    """Yield the block for connections.yaml, and what to do with it."""
    yield f"\n{new.found.name} {new.entry['version']} was added. Paste this at the end of connections.yaml:\n"
    yield new.block.text
    for field in new.block.open:
        yield f"  fill in {field}"
    if new.block.secrets:
        yield "Write the secrets into connections.env:"
        yield from (f"  {name}='…'   ({title})" for name, title in new.block.secrets.items())
    yield "Next: make apply && make run (on Docker make up first, which adds the connector to the image)."


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(visible(text), flush=True)


def complain(text: str) -> None:
    """Print to standard error."""
    print(visible(text), file=sys.stderr, flush=True)


def visible(text: str) -> str:
    """Return the text with an escape in the place of each character that could hide or move other text.

    What is printed comes from the registry and from packages: code that is shown for a consent must be what is run.
    """
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format (also bidirectional), surrogates, separators of lines
    return "".join(
        each.encode("unicode_escape").decode() if unicodedata.category(each) in hidden and each not in "\n\t" else each
        for each in text
    )


def main(command: str) -> int:
    """Run a command and return its exit code."""
    given = {
        name: os.environ.get(name, "").strip() for name in ("name", "version", "id", "code", "names", "config", "yes")
    }
    if command in ("add", "remove") and not given["name"]:
        what = "connector" if command == "add" else "connector-remove"
        complain(f"name missing. For example: make {what} name=source-faker")
        return 2
    if given["yes"] not in ("", "1"):
        complain(f"yes={given['yes']}: only yes=1 answers the question. Leave it out to be asked. Nothing was changed.")
        return 2
    places = Places(ROOT)
    try:
        if command == "list":
            return show(places)
        if command == "table":
            names = given["names"].split() or list(entries.read(places.registry.read_text(encoding="utf-8")))
            with only_one(places.table_journal, "make connector-table"):
                compatibility.run(places, registry(), names, say, configuration(given["config"], names))
            return 0
        return change({"add": add, "remove": remove}[command], places, given)
    except (ConnectorCommandError, InstallError) as error:  # raised only before the first change
        complain(f"{error}\nNothing was changed." if command == "add" else str(error))
    except ChangesError as error:
        complain(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}. What is installed: make connectors")
    except KeyboardInterrupt:
        complain("\nInterrupted. What is installed: make connectors")
        return 130
    return 1


def change(command: Callable[[Places, dict[str, str]], int], places: Places, given: dict[str, str]) -> int:
    """Run a command that writes, and no other one at the same time. Return the exit code.

    After an interruption its changes are taken back. Raises what the command raises, and ChangesError.
    """
    with only_one(places.journal, COMMANDS):
        if take_back(places.journal):
            complain("An earlier command was interrupted: its changes were undone.")
        put_in_order(places)
        try:
            return command(places, given)
        except KeyboardInterrupt:
            if take_back(places.journal):
                complain("\nThe changes of this command were undone.")
            raise
        finally:
            clean(places)


if __name__ == "__main__":
    sys.exit(endings.ended("connector", lambda: main(sys.argv[1])))
