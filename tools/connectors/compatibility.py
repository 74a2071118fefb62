"""`make connector-table`: adds connectors in a scratch folder, tests them, writes the table of the documentation."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airbyte_lite.connectors.registry import load_registry
from tools import install
from tools.connectors import adding, standard, trial
from tools.connectors.airbyte_registry import AirbyteRegistry, Found
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.new import Places, Say

HEAD = ("connector", "way", "version", "overrides", *standard.TESTS, "seconds to add")
BEGIN, END = "<!-- table: make connector-table -->", "<!-- end of the table -->"


@dataclass
class Row:
    """What the table says of one connector."""

    name: str
    cells: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The row in Markdown."""
        return f"| {self.name} | " + " | ".join(self.cells.get(column, "") for column in HEAD[1:]) + " |"


def tried(
    scratch: Places, registry: AirbyteRegistry, found: Found, say: Say, configuration: dict[str, Any] | None
) -> Row:
    """Add a connector in the scratch folder, run the standard tests, and remove its environment."""
    name = found.name
    row = Row(name)
    begin = time.monotonic()
    try:
        new = adding.plan(scratch, registry, found, "", say)
        adding.make(scratch, new)
    except (ConnectorCommandError, install.InstallError) as error:
        row.cells["version"] = "not added"
        row.reasons["not added"] = str(error).splitlines()[0]
        return row
    overrides = [note.split()[1] for note in new.notes if note.startswith("override:")]
    row.cells = {
        "way": found.way,
        "version": str(new.entry["version"]),
        "overrides": ", ".join(f"`{override}`" for override in overrides),
        "seconds to add": f"{time.monotonic() - begin:.0f}",
    }
    connector = load_registry(scratch.environments, scratch.registry)[name]
    with trial.running(scratch.root) as runner:
        schema = trial.specification(runner, connector)
    answers = standard.ask(scratch, name, schema, configuration)
    row.cells |= answers.results
    row.reasons = answers.reasons
    shutil.rmtree(scratch.environments / name, ignore_errors=True)
    return row


def run(
    places: Places,
    registry: AirbyteRegistry,
    names: Sequence[str],
    say: Say,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Try the connectors and write their rows into docs/connectors.md; the rows of others stay.

    A configuration is for one connector: with an account, everything is tested. Raises ConnectorCommandError before
    the first test if a name does not exist or cannot be looked up.
    """
    for name in names:
        adding.require_name(name)
    connectors = [adding.look_up(registry, name, "", say) for name in names]
    scratch = Places(places.root / ".local/connector-table")
    shutil.rmtree(scratch.root, ignore_errors=True)
    scratch.connectors.mkdir(parents=True)
    shutil.copy(places.registry, scratch.registry)
    shutil.copytree(places.connectors / "nltk_data", scratch.connectors / "nltk_data")
    scratch.environments.mkdir(parents=True)
    for shared in ("source-s3",):
        (scratch.environments / shared).symlink_to(places.environments / shared)
    page = places.root / "docs/connectors.md"
    try:
        for found in connectors:
            say(f"== {found.name}")
            row = tried(scratch, registry, found, say, configuration)
            page.write_text(with_row(page.read_text(encoding="utf-8"), row), encoding="utf-8")
            say(row.line)
            for question, reason in row.reasons.items():
                say(f"  {question}: {reason}")
    finally:
        shutil.rmtree(scratch.root, ignore_errors=True)


def shown(reason: str) -> str:
    """Return a reason without the folders of this machine."""
    return re.sub(r"(?<![\w:/.])/[\w./-]*/", "…/", reason)


def with_row(text: str, row: Row) -> str:
    """Return the page with the row at its place in the alphabet, and the reasons of failures below the table."""
    before, rest = text.split(BEGIN)
    inside, after = rest.split(END)
    rows = {line.split("|")[1].strip(): line for line in inside.splitlines() if line.startswith("| source-")}
    notes = {line for line in inside.splitlines() if re.match(rf"- (?!{row.name},)", line)}
    rows[row.name] = row.line
    for question, reason in row.reasons.items():
        notes.add(f"- {row.name}, {question}: {re.sub(r'[<>|`]', ' ', shown(reason))}")
    table = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|", *(rows[name] for name in sorted(rows))]
    return "\n".join([f"{before}{BEGIN}", "", *table, "", *sorted(notes), *([""] if notes else []), f"{END}{after}"])
