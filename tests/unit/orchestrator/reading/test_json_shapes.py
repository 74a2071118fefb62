"""Lines that match a shape of earlier lines have the same facts as lines that are parsed."""

import io
from itertools import product
from typing import Any

import pytest

from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.json_lines import scan_json_lines
from orchestrator.reading.json_shapes import Shapes

USUAL = ['{"id": 1, "v": 2.5, "s": "x", "b": true, "o": {"k": 1, "l": [1, "a", {"m": null}]}, "e": null}'] * 3
SOUGHT = Sought(empty=frozenset({"e"}), kinds={"id": "integer", "v": "number"})
VALUES = [
    *["1", "-0", "01", "1.", ".5", "+1", "1e5", "1E-7", "123456789012345", "1234567890123456", "99999999999999999999"],
    *[
        "0.123456789",
        "0.1234567891",
        "1234567.123456789",
        "123456.123456789",
        "0.30000000000000004",
        "1234567890.1234567",
    ],
    *[
        "NaN",
        "Infinity",
        "null",
        "true",
        "tru",
        '""',
        '"x',
        r'"\u00e9"',
        r'"\ud800"',
        r'"\x"',
        '"\t"',
        '"a\\"b"',
        '"é😀"',
    ],
    *[
        "[]",
        "[1,2]",
        "[1,",
        "{}",
        '{"k": 1, "k": 2}',
        '{"k": 1, "k": 1}',
        '{"l": [{"m": 1, "m": 2}]}',
        '{"k": 0.12345678901}',
    ],
]
LINES = [
    *(f'{{"id": {value}, "v": 2.5, "s": "x", "b": true, "o": {{}}, "e": null}}' for value in VALUES),
    *(f'{{"id":1,"v":2.5,"s":"x","b":true,"o":{{"k": 1, "l": [1, {value}]}},"e":null}}' for value in VALUES),
    *(
        USUAL[0].replace(*change)
        for change in product(("2.5", '"x"', "true", "null}", "1,"), ("7", '"e"', "null", "1e3"))
    ),
    *("", "{}", "null", '{"id": 1} {"id": 2}', '{"id":', "1}", USUAL[0] + " ", USUAL[0] + "\r", " " + USUAL[0]),
    *('{"id": 1, "id": 2}', '{"ID": 1}', '{"i\\u0064": 1, "v": 2}', "\ufeff" + USUAL[0], '{"e": 5}', '{"s": "a\x1fb"}'),
]


def facts(lines: list[str]) -> FileFacts:
    return scan_json_lines(io.BytesIO("\n".join(lines).encode("utf-8", "surrogatepass")), SOUGHT)


def test_the_facts_are_those_of_parsed_lines(monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests) -> None:
    files = [[*USUAL, line, *USUAL, line, *USUAL] for line in LINES]
    found = [facts(file) for file in files]
    monkeypatch.setattr(Shapes, "end", lambda _self, _block, position, **_: position)
    for file, fact in zip(files, found, strict=True):
        with subtests.test(file[3]):
            assert fact == facts(file)


def test_text_over_a_line_end_is_no_string(monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests) -> None:
    usual = '{"s": "x", "t": ["y"], "id": 1}'
    broken = ['{"s": "x', '", "t": ["y"], "id": 1}', '{"s": "x}', '{", "t": ["y"], "id": 1}', '{"s": "x", "t": ["y']
    broken += ['{"]', '{"], "id": 1}', '{"}', '{"s": "x}\n{', '{"s": "x\\"}', "", '{"s": "x\ty", "t": [], "id": 1}']
    files = [[usual, usual, first, second, usual] for first, second in product(broken, broken)]
    found = [facts(file) for file in files]
    monkeypatch.setattr(Shapes, "end", lambda _self, _block, position, **_: position)
    for file, fact in zip(files, found, strict=True):
        with subtests.test("\n".join(file[2:4])):
            assert fact == facts(file)


def test_usual_lines_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    learn = Shapes.learn

    def noted(self: Shapes, record: dict[str, Any], line: str) -> None:
        parsed.append(line)
        learn(self, record, line)

    monkeypatch.setattr(Shapes, "learn", noted)
    other = '{"s": "y", "id": 3}'
    numbers = [f'{{"s": "{number}", "id": {number}}}' for number in range(100)]
    assert facts([*USUAL * 100, other, *numbers, *USUAL]).records == 404
    assert parsed == [USUAL[0], other]


def test_lines_with_null_match_after_the_first_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = list[str]()
    learn = Shapes.learn

    def noted(shapes: Shapes, record: dict[str, Any], line: str) -> None:
        parsed.append(line)
        learn(shapes, record, line)

    monkeypatch.setattr(Shapes, "learn", noted)
    usual, null = '{"id": 1, "s": "x"}', '{"id": 2, "s": null}'
    assert facts([usual, usual, null, *[usual, null] * 3]).records == 9
    assert parsed == [usual, null]
