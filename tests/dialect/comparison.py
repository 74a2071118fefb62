"""Compares the emulator's answers with GoogleSQL's."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.dialect.emulator import Emulator

BATCH = 32  # expressions in a statement: fewer statements cost less, but one error sends a whole batch again
# The C libraries of the two engines round the last digits of a logarithm differently, and 1 - cosine loses digits.
RELATIVE_TOLERANCE = 2e-14


@dataclass(frozen=True)
class Golden:
    """An expression with GoogleSQL's answer: a type and a value, or the words in which it refuses the expression."""

    expression: str
    type: str = ""
    value: Any = None
    refusal: str = ""


@dataclass(frozen=True)
class Difference:
    """An expression that the emulator does not answer as GoogleSQL does.

    `kind` is `value` or `type` (silently another answer), `lax` (an answer where GoogleSQL refuses) or `error`.
    """

    kind: str
    golden: Golden
    got: str

    def __str__(self) -> str:
        expected = (
            f"refused: {self.golden.refusal}" if self.golden.refusal else f"{self.golden.type} {self.golden.value!r}"
        )
        return f"{self.kind}: SELECT {self.golden.expression}\n    expected {expected}\n    got      {self.got}"


def read(file: Path) -> list[Golden]:
    """Read a golden table: a JSON list a line, [expression, type, value] or [expression, refusal]."""
    lines = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    return [Golden(line[0], line[1], line[2]) if len(line) == 3 else Golden(line[0], refusal=line[1]) for line in lines]


def differences(emulator: Emulator, golden: Iterable[Golden]) -> Iterator[Difference]:
    """Yield the expressions that the emulator answers in another way. Many expressions share a statement."""
    answered = []
    for row in golden:
        if not row.refusal:
            answered.append(row)
            continue
        answer = emulator.ask(f"SELECT {row.expression}")
        if answer.error is None:
            yield Difference("lax", row, f"{answer.types[0]} {answer.rows[0][0]!r}")
    for start in range(0, len(answered), BATCH):
        yield from _batch(emulator, answered[start : start + BATCH])


def _batch(emulator: Emulator, golden: list[Golden]) -> Iterator[Difference]:
    answer = emulator.ask("SELECT " + ",\n".join(f"{row.expression} AS x{n}" for n, row in enumerate(golden)))
    if answer.error is not None and len(golden) == 1:
        yield Difference("error", golden[0], answer.error)
    elif answer.error is not None:
        middle = len(golden) // 2
        yield from _batch(emulator, golden[:middle])
        yield from _batch(emulator, golden[middle:])
    else:
        for row, kind, value in zip(golden, answer.types, answer.rows[0], strict=True):
            got = f"{kind} {value!r}"
            if not same(row.value, value):
                yield Difference("value", row, got)
            elif kind != row.type:
                yield Difference("type", row, got)


def same(expected: Any, got: Any) -> bool:
    """Return whether two canonical values are equal; doubles may differ in their last digits."""
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(same(*pair) for pair in zip(expected, got, strict=True))
    if expected == got and type(expected) is type(got):
        return True
    try:
        return isinstance(expected, str) and math.isclose(float(expected), float(got), rel_tol=RELATIVE_TOLERANCE)
    except (TypeError, ValueError):
        return False
