"""Puts a block into connections.yaml and takes one out, as text: comments and layout of the file stay."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from source_texts.errors import SourceError

MADE_BY = "# copied into the seed folder by make new-source:"
"""The comment in the block that names the copies, so that `make remove-source` removes them with it."""


@dataclass(frozen=True)
class _Entries:
    """Where the entries of `connections` are, in lines from 0."""

    indent: int
    starts: list[tuple[str, int]]
    """The name of each connection, and the line of its dash."""
    end: int
    """The line after the last entry."""


def with_block(path: Path, text: str, block: str) -> str:
    """Return the text with a block as the last entry of `connections`. Raises SourceError."""
    lines = text.splitlines(keepends=True)
    entries = _entries(path, text)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    added = [f"{line}{newline}" for line in textwrap.indent(block, " " * entries.indent).splitlines()]
    before = lines[: entries.end]
    if before and not before[-1].endswith(("\n", "\r")):
        before[-1] += newline
    return "".join([*before, newline, *added, *lines[entries.end :]])


def indented(path: Path, text: str, block: str) -> str:
    """Return a block with the indentation of the entries of `connections`, to paste after them. Raises SourceError."""
    return textwrap.indent(block, " " * _entries(path, text).indent)


def without_block(path: Path, text: str, name: str) -> tuple[str, str]:
    """Return the text without the connection's entry, and the entry. Raises SourceError if there is none."""
    lines = text.splitlines(keepends=True)
    entries = _entries(path, text)
    starts = dict(entries.starts)
    if name not in starts:
        raise SourceError(f"{path}: no connection {name!r}. Its connections: {', '.join(starts)}.")
    following = [line for _, line in entries.starts if line > starts[name]]
    end = _content_end(lines, min(following), starts[name]) if following else entries.end
    start = starts[name]
    while start and lines[start - 1].strip().startswith(MADE_BY):
        start -= 1
    removed = "".join(lines[start:end])
    before = lines[:start]
    while before and not before[-1].strip():
        before.pop()  # the blank line above the entry; the one below it stays
    return "".join([*before, *lines[end:]]), removed


def with_copies(path: Path, text: str, name: str, copies: Sequence[str]) -> str:
    """Return the text with a comment for each copy above the connection's entry. Raises SourceError."""
    lines = text.splitlines(keepends=True)
    entries = _entries(path, text)
    start = dict(entries.starts)[name]
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    added = [f"{' ' * entries.indent}{MADE_BY} {copy}{newline}" for copy in copies]
    return "".join([*lines[:start], *added, *lines[start:]])


def anchors(text: str) -> set[str]:
    """Return the names of the anchors of a YAML text."""
    return {
        str(event.anchor)
        for event in yaml.parse(text)
        if isinstance(event, yaml.NodeEvent) and event.anchor and not _is_alias(event)
    }


def _is_alias(event: yaml.Event) -> bool:
    return isinstance(event, yaml.AliasEvent)


def _entries(path: Path, text: str) -> _Entries:
    node = yaml.compose(text, yaml.SafeLoader)
    pairs = {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
    found = pairs.get("connections")
    if not isinstance(found, yaml.SequenceNode) or found.flow_style:
        raise SourceError(
            f"{path}: `connections` is not a list with a line for each dash, so no block can be added as "
            "text. Write it so."
        )
    lines = text.splitlines(keepends=True)
    starts = []
    for entry in found.value:
        names = {key.value: value.value for key, value in entry.value} if isinstance(entry, yaml.MappingNode) else {}
        line = entry.start_mark.line
        while not lines[line].lstrip().startswith("-"):
            line -= 1
        starts.append((str(names.get("name", "")), line))
    end = _content_end(lines, found.end_mark.line + (found.end_mark.column > 0), starts[-1][1] if starts else 0)
    return _Entries(found.start_mark.column, starts, end)


def _content_end(lines: list[str], end: int, start: int) -> int:
    """Return the line after the last line before `end` that is neither blank nor a comment."""
    end = min(end, len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end
