"""The statement that is sent: the selection or the whole text, what it would do, and where its error is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.logic.sizes import size

POSITION = re.compile(r"\s*at \[(\d+):(\d+)\]")
NAMED = re.compile(r"(?:Unrecognized name|Function not found|Column|Table not found|Not found: Table):? ([\w.`:-]+)")
READS = {"SELECT", "EXPLAIN"}
DOES = {
    "INSERT": "adds rows to",
    "UPDATE": "changes rows of",
    "DELETE": "deletes rows of",
    "MERGE": "adds, changes or deletes rows of",
    "TRUNCATE_TABLE": "deletes all rows of",
    "DROP_TABLE": "deletes the table",
    "DROP_VIEW": "deletes the view",
    "DROP_SCHEMA": "deletes the dataset",
    "CREATE_TABLE": "makes the table",
    "CREATE_TABLE_AS_SELECT": "makes, or replaces, the table",
    "CREATE_VIEW": "makes, or replaces, the view",
    "CREATE_SCHEMA": "makes the dataset",
    "ALTER_TABLE": "changes the table",
}


@dataclass(frozen=True)
class Chosen:
    """What is sent, and its place in the editor: the line and the column of its first character, from 1."""

    sql: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Place:
    """A place in the editor, from 1."""

    line: int
    column: int


def chosen(text: str, start: int = 0, end: int = 0) -> Chosen:
    """Return the selection from `start` to `end`, in characters; without one, or if it is blank, the whole text."""
    selected = text[min(start, end) : max(start, end)]
    if not selected.strip():
        return Chosen(text)
    before = text[: min(start, end)]
    return Chosen(selected, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def is_blank(sql: str) -> bool:
    """Return whether a text has no statement: nothing but blanks, comments and semicolons."""
    without = re.sub(r"--[^\n]*|#[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
    return not without.replace(";", " ").strip()


def writes(kind: str | None) -> bool:
    """Return whether a statement of this BigQuery type may change something. A script may, and an unknown type."""
    return kind not in READS


def consequence(kind: str | None, target: str | None, processed: int) -> str:
    """Return what a statement that writes will do, in a sentence: before it runs."""
    reads = f" It reads {size(processed)}." if processed else ""
    if kind == "SCRIPT":
        return f"The text is a script of several statements, which may change tables.{reads}"
    what = DOES.get(kind or "", f"is {(kind or 'a statement of an unknown type').replace('_', ' ')}: it may change")
    return f"The statement {what} {target or 'the object that it names'}.{reads}"


def place(message: str, sent: Chosen) -> Place | None:
    """Return where BigQuery's error is in the editor: `… at [2:5]` is counted from the beginning of what was sent.

    Some messages only name what is wrong. Its place is returned if the name is in the statement once.
    """
    if found := POSITION.search(message):
        return _in_editor(int(found[1]), int(found[2]), sent)
    if named := NAMED.search(message):
        name = named[1].strip("`").rstrip(".;:")
        hits = list(re.finditer(rf"(?<![\w`]){re.escape(name)}(?![\w`])", sent.sql))
        if len(hits) == 1:
            before = sent.sql[: hits[0].start()]
            return _in_editor(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1, sent)
    return None


def told(message: str, where: Place | None) -> str:
    """Return an error's text with the place in the editor instead of that in what was sent."""
    text = POSITION.sub("", message).strip()
    return f"{text} (line {where.line}, column {where.column})" if where else text


def _in_editor(line: int, column: int, sent: Chosen) -> Place:
    return Place(sent.line + line - 1, column + sent.column - 1 if line == 1 else column)
