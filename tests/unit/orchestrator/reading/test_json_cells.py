"""Numbers of JSON lines in columns of texts, and texts in columns of numbers."""

import io

import pytest

from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.json_lines import scan_json_lines

from .scans import Compare

pytestmark = pytest.mark.usefixtures("learned_at_once")
SOUGHT = Sought(kinds={"s": "spelling", "n": "digits", "i": "integer"})
SAME = [
    "1",
    "0",
    "-7",
    "1.5",
    "-0.5",
    "0.0",
    "12.25",
    "0.001",
    "999999.25",
    "123456789012345",
    "true",
    "null",
    '"1.10"',
]
CHANGED = {
    **{"1.10": "1.1", "1e5": "100000.0", "1E-7": "1e-07", "0.00001": "1e-05", "-0": "0", "5.00": "5.0"},
    **{"1.0e2": "100.0"},
}
FEW = ['"1.5"', '"7"', '"-0.25"', '"12345678901234567890"', '"x"', '"1_000"', '"0.123456789"', '"0.1234567890"', '""']
MANY = {
    '"0.123456789012"': "0.123456789",
    '"1e-12"': "0",
    '"12345678901234567.1234567891"': "12345678901234567.123456789",
}


def facts(lines: list[str]) -> FileFacts:
    return scan_json_lines(io.BytesIO("\n".join(lines).encode()), SOUGHT)


@pytest.mark.parametrize("before", ['{"s": 1, "n": "2"}', '{"s": 1.5, "n": "2.5"}', '{"s": null, "n": null}', ""])
def test_the_first_number_that_is_another_text_is_told(before: str) -> None:
    for text, loaded in CHANGED.items():
        [loss] = facts([*[before] * 3, f'{{"n": "1", "s": {text}}}', f'{{"s": {text}}}']).losses
        assert (loss.column, loss.kind, loss.line, loss.text, loss.loaded) == ("s", "spelling", 4, text, loaded)
    assert not facts([before, *(f'{{"s": {text}, "i": {text}}}' for text in SAME)]).losses


def test_the_first_text_with_more_decimals_than_a_number_of_the_table_is_told() -> None:
    for text, loaded in MANY.items():
        [loss] = facts(['{"n": "1"}'] * 2 + [f'{{"n": {text}}}'] * 2).losses
        assert (loss.column, loss.kind, loss.line, loss.loaded) == ("n", "decimals", 3, loaded)
        assert text == f'"{loss.text}"'
    assert not facts([f'{{"n": {text}, "s": {text}, "i": "1.5"}}' for text in FEW]).losses


def test_a_text_that_loses_decimals_hides_no_number_that_does() -> None:
    found = facts(['{"n": "0.12345678901"}', *['{"n": 1, "o": {"k": 1}}'] * 3, '{"n": 0.12345678901}']).losses
    assert [(loss.kind, loss.line) for loss in found] == [("decimals", 1)]
    found = facts(['{"n": "0.12345678901", "x": [0.5]}'] * 3 + ['{"n": "1", "x": [12345678901234567.5]}']).losses
    assert [(loss.column, loss.line) for loss in found] == [("n", 1), ("x", 4)]


def test_the_losses_are_those_of_parsed_lines(compare_with_parsed: Compare) -> None:
    values = [
        *SAME,
        *CHANGED,
        *FEW,
        *MANY,
        "[1.10]",
        '{"k": 1.10}',
        "1e400",
        "12345678901234567890123",
        "1.7976931e308",
    ]
    files = [
        [*[f'{{"s": {one}, "n": {other}, "i": 1}}'] * 3, f'{{"s": {value}, "n": {value}, "i": 1}}', '{"s": 2.50}']
        for value in values
        for one, other in (("1", '"1"'), ("1.5", "1.5"), ("null", "null"), ('"x"', '"2.5"'))
    ]
    compare_with_parsed(facts, files)


def test_usual_values_are_not_parsed(parsed: list[str]) -> None:
    assert facts([f'{{"s": {number}, "n": "{number}.25"}}' for number in range(1000)]).records == 1000
    assert len(parsed) == 1
