"""Values that are looked at by a grid lose the same as values that are looked at one by one."""

import io
import random

import pytest

from orchestrator.reading import text
from orchestrator.reading.csv_file import scan_csv
from orchestrator.reading.exact import Kind
from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.grid import Grid

KINDS: list[Kind] = ["integer", "number", "digits", "whole", "boolean"]
USUAL = {"integer": "12", "number": "12.5", "digits": "12.5", "whole": "12", "boolean": "true"}
UNUSUAL = [
    *("", "-", "-1", "--1", "+1", "0", "00", "01", "-0", "-01", "0.1", "-0.1", "01.5", ".5", "-.5", "5.", ".", "1..5"),
    *(
        "1.5.5",
        "1.50",
        "1.25",
        "1.0",
        "0.0",
        "1/5",
        "1:5",
        "1e5",
        "1E-9",
        "NaN",
        "-inf",
        "1_0",
        "_1",
        " 1",
        "1 ",
        "\t1",
    ),
    *(
        "12345678",
        "123456789",
        "12345678.5",
        "123456789.5",
        "-123456.5",
        "1234567890123456",
        "123456789012345",
        "9" * 30,
    ),
    *("123456789012345.5", "0.1234567890", "1.123456789", "0.30000000000000004", "12345678901234567.89", "1\u00e9"),
    *("\u0661", "\ud7ff", "12345678\u00e9", "'1'", "true", "1\x1f5"),
    *("TRUE", "False", "tru", "falsey", "yes", "n", "tr\x55e", "\u017false", "fal\u017fe", "true\x00"),
    *('"12"', '""', '"true"', '"02"', '"1""2"', '"1\n2"', '"1\n"', '"1"2', '5" pipe', '"0,5"', '"1.50"'),
]


def scanned(values: list[str], kind: Kind, *, quote: str = "") -> FileFacts:
    lines = "".join(f"{quote}\u00fc{number}{quote},{value},{number}\n" for number, value in enumerate(values))
    file = io.BytesIO(f"name,x,n\n{lines}".encode())
    return scan_csv(file, CsvFormat(filetype="csv", encoding="utf-8"), Sought(kinds={"x": kind, "n": kind}))


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("kind", KINDS)
def test_a_value_loses_the_same_with_a_grid(kind: Kind, quote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [[USUAL[kind]] * 3 + [value] + [USUAL[kind]] * 3 for value in UNUSUAL]
    files += [[value] * 3 for value in UNUSUAL]
    choose = random.Random(3)  # noqa: S311 - no secret
    files += [
        choose.choices([*UNUSUAL, "1.5", "2.5", "3"], k=4) + [USUAL[kind]] * choose.choice([1, 500]) for _ in range(150)
    ]
    monkeypatch.setattr(text, "CHUNK_BYTES", 2000)
    found = [scanned(file, kind, quote=quote) for file in files]
    monkeypatch.setattr(Grid, "are_integers", lambda grid, *_, **__: [False] * grid.lines)
    monkeypatch.setattr(Grid, "are_plain", lambda grid, *_: [False] * grid.lines)
    monkeypatch.setattr(Grid, "are_booleans", lambda grid, *_: [False] * grid.lines)
    different = [file for file, facts in zip(files, found, strict=True) if facts != scanned(file, kind, quote=quote)]
    assert different == []
    assert any(facts.losses for facts in found)


@pytest.mark.parametrize("quote", ["", '"'])
def test_usual_values_are_not_looked_at_one_by_one(quote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    line = Grid.line

    def look(grid: Grid, number: int) -> str:
        looked.append(number)
        return line(grid, number)

    monkeypatch.setattr(Grid, "line", look)
    values = ["1.0", "1.5", "2.5", *["-13.5", "", "7", "0.5"] * 100, "0.25", *["3.75", "4.0", "5.125"] * 100]
    scanned([f"{quote}{value}{quote}" for value in values], "number", quote=quote)
    assert looked == [1, 403]  # the first fraction, and the first with another number of decimals
    looked.clear()
    scanned([f"{quote}{value}{quote}" for value in ["true", "", "FALSE", "False", "yes", "true"]], "boolean")
    assert looked == [0, 4]  # the 0 in column n, and yes
