"""Lines that match a shape of earlier lines have the same facts as lines that are parsed."""

import io
import json
import time
from itertools import product

import pytest

from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.json_lines import scan_json_lines

from .scans import Compare

pytestmark = pytest.mark.usefixtures("learned_at_once")
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


def test_the_facts_are_those_of_parsed_lines(compare_with_parsed: Compare) -> None:
    files = [[*USUAL, line, *USUAL, line, *USUAL] for line in LINES]
    compare_with_parsed(facts, files)


def test_text_over_a_line_end_is_no_string(compare_with_parsed: Compare) -> None:
    usual = '{"s": "x", "t": ["y"], "id": 1}'
    broken = ['{"s": "x', '", "t": ["y"], "id": 1}', '{"s": "x}', '{", "t": ["y"], "id": 1}', '{"s": "x", "t": ["y']
    broken += ['{"]', '{"], "id": 1}', '{"}', '{"s": "x}\n{', '{"s": "x\\"}', "", '{"s": "x\ty", "t": [], "id": 1}']
    files = [[usual, usual, first, second, usual] for first, second in product(broken, broken)]
    compare_with_parsed(facts, files)


def test_usual_lines_are_not_parsed(parsed: list[str]) -> None:
    other = '{"s": "y", "id": 3}'
    numbers = [f'{{"s": "{number}", "id": {number}}}' for number in range(100)]
    assert facts([*USUAL * 100, other, *numbers, *USUAL]).records == 404
    assert parsed == [USUAL[0], other]


def test_lines_with_null_match_after_the_first_of_them(parsed: list[str]) -> None:
    usual, null = '{"id": 1, "s": "x"}', '{"id": 2, "s": null}'
    assert facts([usual, usual, null, *[usual, null] * 3]).records == 9
    assert parsed == [usual, null]


def test_a_new_key_behind_many_numbers_takes_no_longer_than_another_line() -> None:
    numbers = {f"n{at}": number for at, number in enumerate([1, 0, -2, 2.5, 0.5, -0.25] * 20)}
    usual, other = json.dumps(numbers), json.dumps(numbers | {"new": 1})
    started = time.process_time()
    assert facts([usual] * 3 + [other, usual, other.replace("2.5", "1e3")] * 3).names == [*numbers, "new"]
    assert time.process_time() - started < 5  # it would be years


@pytest.mark.parametrize("kinds", [("1", "2.5", "-3", "0", "-0.5"), ('"x"', "null"), ("[1]", "[]", '["a", 2]')])
def test_lines_with_some_of_the_keys_are_not_parsed(kinds: tuple[str, ...], parsed: list[str]) -> None:
    keys = ["id", "w", "s", "o"]
    some = [[key for at, key in enumerate(keys) if number >> at & 1] for number in reversed(range(16))]
    lines = [
        f"{{{', '.join(f'{json.dumps(key)}: {value}' for key in chosen)}}}"
        for value, chosen in product(kinds, some)
        for _ in range(30)
    ]
    assert facts(lines).records == len(lines)
    assert len(parsed) <= 5 + 4 * len(kinds)


def test_objects_inside_may_have_some_of_the_keys_or_be_null(parsed: list[str]) -> None:
    inside = ["{}", "null", '{"k": 1}', '{"l": "x"}', '{"k": 2, "l": "y"}', '{"k": {"m": 1}}', '{"k": {}}', "[]", "5"]
    lines = [f'{{"id": 1, "o": {value}, "z": 1}}' for value in inside]
    assert facts(lines * 10).records == 90
    assert len(parsed) == 9


LONG = ["6.857142857142857", "-0.30000000000000004", "123456.12345678901", "1.5", "12345678901234567"]
LOSSY = ["1.12345678901234567890", "0.10000000000000000", "1234567.1234567891", "00000000000000001.5", "1e16", "5e-324"]


def test_long_fractions_inside_objects_are_not_parsed(parsed: list[str]) -> None:
    lines = [f'{{"id": 1, "o": {{"lat": {one}, "all": [{one}, {two}]}}}}' for one, two in product(LONG, LONG)]
    assert facts(lines * 4).records == 100
    assert len(parsed) <= 4


def test_long_fractions_inside_objects_that_lose_digits(compare_with_parsed: Compare) -> None:
    usual = '{"id": 1, "v": 1, "o": {"lat": 6.857142857142857, "all": [1.5, 0.30000000000000004]}}'
    files = [
        [*[usual] * 5, usual.replace(*change), *[usual] * 5]
        for number in [*LONG, *LOSSY]
        for change in (("6.857142857142857", number), ("1.5", number), ('"v": 1', f'"v": {number}'))
    ]
    compare_with_parsed(facts, files)


def test_decimals_are_told_of_each_field() -> None:
    usual = '{"v": 1.5, "o": {"k": 1.5}, "p": [1.5], "s": "x"}'
    loss = "1.12345678901234567890"
    others = [usual.replace(f"{place} 1.5", f"{place} {loss}") for place in ('"v":', '"k":')]
    others += [usual.replace("[1.5]", f"[{loss}]")]
    found = facts([*[usual] * 3, *[line for line in others for _ in range(3)], usual]).losses
    assert [(each.column, each.kind, each.line) for each in found] == [
        ("v", "decimals", 4),
        ("o", "decimals", 7),
        ("p", "decimals", 10),
    ]
