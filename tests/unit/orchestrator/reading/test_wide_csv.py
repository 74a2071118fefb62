"""Files with many columns are looked at in linear time, and lose the same as files with one of these columns."""

import io
import random
import time
from collections.abc import Callable

import pytest

from orchestrator.reading.csv_file import scan_csv
from orchestrator.reading.exact import Kind
from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.formats import CsvFormat

COLUMNS = [f"c{at}" for at in range(300)]
VALUES = ("1.50", "2.25", "7", "", "0.1234567891234", "1e-7", "12345678901234567", "007", "NULL", "yes")


def wide(cell: Callable[[int, int], str], rows: int = 60) -> bytes:
    lines = [",".join(cell(row, at) for at in range(len(COLUMNS))) for row in range(rows)]
    return "\n".join([",".join(COLUMNS), *lines, ""]).encode()


def scanned(content: bytes, sought: Sought) -> FileFacts:
    return scan_csv(io.BytesIO(content), CsvFormat(filetype="csv", null_values={"NULL"}), sought)


@pytest.mark.parametrize("kind", ["number", "digits"])
def test_numbers_of_many_columns_take_linear_time(kind: Kind) -> None:
    content = wide(lambda row, at: f"{row + at}.{(7 * row + at) % 100:02}")
    started = time.process_time()
    facts = scanned(content, Sought(kinds=dict.fromkeys(COLUMNS, kind)))
    assert (
        time.process_time() - started < 5
    )  # "number" took more than a minute: each first fraction made a pattern of all columns
    assert {loss.column for loss in facts.losses} == (set(COLUMNS) if kind == "number" else set())


def test_empty_columns_of_many_take_linear_time() -> None:
    content = wide(lambda row, at: "NULL" if at % 2 else "" if row < 1999 or at else "x", rows=2000)
    started = time.process_time()
    facts = scanned(content, Sought(frozenset(COLUMNS)))
    assert time.process_time() - started < 2  # it was 12 s: each column was looked for from the beginning of each line
    assert facts.first_values == {"c0": 2001}


@pytest.mark.parametrize("kind", ["integer", "number", "digits", "whole", "boolean"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_columns_lose_the_same_together_and_alone(kind: Kind, quote: str) -> None:
    chance = random.Random(7)  # noqa: S311 -- the same values in each run
    content = wide(lambda *_: f"{quote}{chance.choice(VALUES[: chance.choice([2, 4, len(VALUES)])])}{quote}")
    together = scanned(content, Sought(frozenset(COLUMNS), dict.fromkeys(COLUMNS, kind)))
    assert kind == "whole" or together.losses
    for name in COLUMNS[::60]:
        alone = scanned(content, Sought(frozenset({name}), {name: kind}))
        assert [loss for loss in together.losses if loss.column == name] == alone.losses
        assert together.first_values[name] == alone.first_values[name]
