"""The log of a job. Airbyte has no pages of it: it is read piece by piece, and only its last lines are kept."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import ijson  # type: ignore[import-untyped]

from console.clients.airbyte import Airbyte
from console.logic.airbyte.jobs import failure_of, moment

LINES, CHARACTERS = 2_000, 500_000
"""How much of a log is kept: its last lines, and at most so many characters of them."""
SECONDS = 60.0
"""The time limit of reading a log."""
ATTEMPT = "attempts.item"
LINE, EVENT = f"{ATTEMPT}.logs.logLines.item", f"{ATTEMPT}.logs.events.item"
"""Where the lines are in Airbyte's answer. A newer Airbyte answers events instead."""

SCALARS = ("string", "number", "boolean")
"""A line, or an event that is a plain text. A line that is null is none."""

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""Codes for the colours of a terminal, which Airbyte's own lines have."""

type Json = dict[str, Any]


@dataclass(frozen=True)
class Log:
    """The end of a job's log so far."""

    lines: list[str]
    """The last lines that have the wanted text."""
    found: int
    """The number of all lines that have the wanted text."""
    total: int
    """The number of all lines."""
    characters: int
    """The length of the whole log."""
    failure: str
    origin: str
    status: str


class Tail:
    """The last of the added lines: at most LINES lines and CHARACTERS characters."""

    def __init__(self) -> None:
        self.lines = deque[str]()
        self._characters = 0

    def add(self, line: str) -> None:
        """Add a line. One that is too long alone is cut at its start."""
        kept = line if len(line) < CHARACTERS else f"…{line[-CHARACTERS + 2 :]}"
        self.lines.append(kept)
        self._characters += len(kept) + 1
        while len(self.lines) > LINES or self._characters > CHARACTERS:
            self._characters -= len(self.lines.popleft()) + 1


class Reader:
    """Takes the answer of /jobs/get in pieces, and gives the log's lines as they come."""

    def __init__(self) -> None:
        self._events = ijson.sendable_list()
        self._parser = ijson.parse_coro(self._events)
        self._answer, self._event = ijson.ObjectBuilder(), ijson.ObjectBuilder()
        self._attempts = 0

    def lines(self, piece: bytes) -> Iterator[str]:
        """Yield the lines that end in this piece of the answer. Raises ijson.JSONError if it is not JSON."""
        self._parser.send(piece)
        yield from self._lines()

    def end(self) -> Json:
        """Return the answer without the lines. Raises ijson.JSONError if the answer has not ended."""
        self._parser.close()
        list(self._lines())
        return dict(self._answer.value)

    def _lines(self) -> Iterator[str]:
        for prefix, event, value in self._events:
            if prefix in (LINE, EVENT) and event in SCALARS:
                yield COLOURS.sub("", str(value))
            elif prefix.startswith(EVENT):
                self._event.event(event, value)
                if prefix == EVENT and event == "end_map":
                    yield COLOURS.sub("", _line(self._event.value))
                if prefix == EVENT and event in ("end_map", "end_array", "null"):
                    self._event = ijson.ObjectBuilder()
            else:
                self._answer.event(event, value)
                if (prefix, event) == (ATTEMPT, "start_map"):
                    self._attempts += 1
                    if self._attempts > 1:
                        yield f"Attempt {self._attempts}"
        self._events.clear()


async def whole(airbyte: Airbyte, job_id: int, reader: Reader, *, download: bool = False) -> AsyncGenerator[list[str]]:
    """Yield the lines of a job's log, of all its attempts, some at a time. Raises ServiceError."""
    async with aclosing(airbyte.pieces("/jobs/get", {"id": job_id}, download=download)) as pieces:
        try:
            async for piece in pieces:
                yield [*reader.lines(piece)]
        except ijson.JSONError as error:
            raise airbyte.service.error(f"the log of job {job_id} is not JSON; a proxy may have sent it") from error


async def end(airbyte: Airbyte, job_id: int, wanted: str = "") -> Log:
    """Return the last lines of a job's log that have a text, in capitals or not. Raises ServiceError."""
    return await airbyte.service.awaited(_end(airbyte, job_id, wanted.lower()), SECONDS)


async def _end(airbyte: Airbyte, job_id: int, wanted: str) -> Log:
    reader, tail = Reader(), Tail()
    found = total = characters = 0
    async with aclosing(whole(airbyte, job_id, reader)) as parts:
        async for lines in parts:
            for line in lines:
                total += 1
                characters += len(line) + 1
                if wanted in line.lower():
                    found += 1
                    tail.add(line)
    try:
        answer = reader.end()
    except ijson.JSONError as error:
        raise airbyte.service.error(f"the log of job {job_id} is incomplete: the answer ended early") from error
    failure, origin = failure_of(answer.get("attempts") or [])
    return Log(
        [*tail.lines], found, total, characters, failure, origin, str((answer.get("job") or {}).get("status", ""))
    )


def _line(event: Json) -> str:
    when = moment(event.get("timestamp"))
    shown = when.strftime("%Y-%m-%d %H:%M:%S") if when else ""
    return " ".join(filter(None, (shown, str(event.get("level") or "").upper(), str(event.get("message") or ""))))
