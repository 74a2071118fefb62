"""What a text loses when it is loaded as a number or a boolean."""

import io
import re
import time
from random import Random
from typing import Any

import pytest

from orchestrator.reading import text
from orchestrator.reading.csv_file import scan_csv
from orchestrator.reading.exact import Kind, Words, digits_loss, harmless, loss
from orchestrator.reading.facts import Loss, Sought
from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.fractions import Fractions
from orchestrator.reading.json_lines import scan_json_lines

WORDS = Words({"true", "y", "1"}, {"false", "no", "0"})


@pytest.mark.parametrize(
    ("written", "kind", "expected"),
    [
        ("5", "integer", None),
        ("-17", "integer", None),
        ("02134", "integer", ("text", "2134")),
        ("+4917", "integer", ("text", "4917")),
        (" 5", "integer", ("text", "5")),
        ("1_000", "integer", ("text", "1000")),
        ("x", "integer", None),
        ("5.25", "number", None),
        ("1.5e+10", "number", None),
        ("007.5", "number", ("text", "7.5")),
        ("12E3", "number", ("text", "12000")),
        ("12E3", "digits", None),
        ("1e-99999999999999999999", "digits", ("decimals", "0")),
        ("1e99999999999999999999", "digits", ("null", "NULL")),
        ("007.5", "digits", None),
        ("1_234.5", "digits", ("underscores", "1234.5")),
        ("1_234", "whole", ("underscores", "1234")),
        ("0012", "whole", None),
        ("x_1", "whole", None),
        ("nan", "number", ("null", "NULL")),
        ("-inf", "digits", ("null", "NULL")),
        ("1e400", "digits", ("null", "NULL")),
        ("123456789012345.678", "digits", ("digits", "123456789012345.67")),
        ("12345678901234567.89", "number", ("digits", "12345678901234568")),
        ("1e-12", "digits", ("decimals", "0")),
        ("0.30000000000000004", "digits", ("decimals", "0.3")),
        ("1e30", "digits", None),
        ("TRUE", "boolean", None),
        ("no", "boolean", ("text", "false")),
        ("1", "boolean", ("text", "true")),
        ("2", "boolean", None),
    ],
)
def test_loss_of_a_text(written: str, kind: Kind, expected: tuple[str, str] | None) -> None:
    assert loss(written, kind, WORDS) == expected


def test_a_json_number_keeps_what_a_double_keeps() -> None:
    assert digits_loss("0.30000000000000004", numeric=False) is None
    assert digits_loss("1.10", numeric=False) is None
    assert digits_loss("12345678901234567.89", numeric=False) == ("digits", "12345678901234568")


def test_what_is_passed_over_for_speed_loses_nothing() -> None:
    random = Random(3)  # noqa: S311
    kinds: tuple[Kind, ...] = ("integer", "number", "whole", "digits", "boolean")
    for kind in kinds:
        for rounded in (False, True):
            pattern = re.compile(harmless(kind, {"NA"}, rounded=rounded))
            allowed = {None, "decimals"} if rounded else {None}
            passed = 0
            for _ in range(1000):
                written = "".join(random.choice("0012345789.-+eE_") for _ in range(random.randint(0, 18)))
                if pattern.fullmatch(written):
                    passed += 1
                    found = loss(written, kind, WORDS)
                    assert (found[0] if found else None) in allowed, (kind, written)
            assert passed > 5


def losses(content: str, kinds: dict[str, Kind], **options: Any) -> list[Loss]:
    sought = Sought(kinds=kinds)
    return scan_csv(io.BytesIO(content.encode()), CsvFormat(filetype="csv", **options), sought).losses


def test_the_first_loss_of_each_column_has_its_line_in_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("1", "5"), ("NA", "7"), ("2", "0.1234567890123"), ("007", "8"), ("008", "12345678901234567.5")]
    plain = "id,x,note\n" + "".join(f"{one},{two},a\n" for one, two in rows * 3)
    quoted = "id,x,note\n" + "".join(f'"{one}","{two}",a\n' for one, two in rows * 3)
    expected = [("x", "decimals", 4), ("id", "text", 5), ("x", "digits", 6)]
    for size in (5, 40, 4000):
        monkeypatch.setattr(text, "CHUNK_BYTES", size)
        for content in (plain, quoted):
            found = losses(content, {"id": "integer", "x": "number"}, null_values={"NA"})
            assert sorted((item.column, item.kind, item.line) for item in found) == sorted(expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["10.50", "9.99", "", "3"], ("zeros", "10.50", 2)),
        (["9.99", "10.50"], ("zeros", "10.50", 3)),
        (["1.9", "1.10", "1.11"], ("text", "1.10", 3)),
        (["1.10", "1.11", "1.9"], ("text", "1.10", 2)),
        (["1.25", "1.5", "1.50"], ("text", "1.50", 4)),
        (["1.0", "2.0", "2.25", "2.5"], None),
    ],
)
def test_zeros_at_the_end_of_guessed_numbers(values: list[str], expected: tuple[str, str, int] | None) -> None:
    for form in ("{},a", '"{}","a"'):
        content = "\n".join(["x,note", *(form.format(value) for value in values)])
        found = [(item.kind, item.text, item.line) for item in losses(content, {"x": "number"}, null_values={""})]
        assert found == ([expected] if expected else [])
        assert losses(content, {"x": "digits"}, null_values={""}) == []


@pytest.mark.parametrize("mark", ["", '"'])
def test_underscores_in_declared_integers_are_found_in_any_block(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "CHUNK_BYTES", 20)
    content = "id,note\n" + f"{mark}17{mark},a\n" * 10 + f"{mark}1_8{mark},a\n"
    [found] = losses(content, {"id": "whole"})
    assert (found.column, found.kind, found.line, found.loaded) == ("id", "underscores", 12, "18")


def test_long_numbers_in_the_json_text_of_a_csv_file() -> None:
    rows = ['{"y": 5}', "{'y': 12345678901234567.89}", '[1, {"y": 12345678901234567.89}]', "[123456789012345678901]"]
    content = "id,x\n" + "".join(f'{number},"{row.replace(chr(34), chr(34) * 2)}"\n' for number, row in enumerate(rows))
    [found] = losses(content, {"x": "json"})
    assert (found.kind, found.line, found.text, found.loaded) == (
        *("digits", 4, "12345678901234567.89"),
        "12345678901234568",
    )
    [found] = losses("id|x\n1|12345678901234567.89\n", {"x": "json"}, delimiter="|")
    assert found.line == 2


def test_json_numbers_are_found_in_objects_and_lists() -> None:
    lines = [
        '{"id": 1, "x": [0.5, {"y": 12345678901234567.89}], "s": "12345678901234567.89"}',
        '{"id": 12345678901234567890123, "x": null}',
        '{"id": 2, "n": 0.12345678901234567890}',
    ]
    facts = scan_json_lines(io.BytesIO("\n".join(lines).encode()), Sought(kinds={"n": "number"}))
    assert [(item.column, item.kind, item.line) for item in facts.losses] == [
        ("x", "digits", 1),
        ("id", "digits", 2),
        ("n", "decimals", 3),
    ]


def test_numbers_of_programs_are_passed_over_after_the_first_of_them() -> None:
    pattern = harmless("number", (), rounded=True, fraction=Fractions().known, usual=Fractions().usual)
    assert [bool(re.fullmatch(pattern, text)) for text in ("142.14285714285714", "0.12345678901230", "1.50")] == [
        True,
        False,
        False,
    ]


def test_what_is_passed_over_for_speed_ends_as_the_fractions_so_far() -> None:
    random = Random(5)  # noqa: S311
    passed = 0
    for _ in range(300):
        fractions = Fractions()
        digits = random.randint(1, 3)
        for _ in range(8):
            written = f"{random.randint(0, 99)}.{random.choice(['0', '5', '05', '50', '125', '120', '12'])[:digits]}"
            pattern = harmless("number", (), fraction=fractions.known, usual=fractions.usual)
            passes = re.fullmatch(pattern, written)
            passed += bool(passes)
            assert not (fractions.add(written) and passes), written
    assert passed > 500


@pytest.mark.parametrize("kind", ["integer", "number", "whole", "digits", "boolean", "json"])
def test_a_row_of_many_texts_with_an_unusual_one_at_the_end_takes_no_longer(kind: Kind) -> None:
    texts = ["1", "-2", "0", "1.5", "0.25", "", "NA", "true", "007", "123456789.123", "1.123456789012", '{"a": 1}']
    nulls = frozenset({"NA", "0", "true", "007"})
    started = time.process_time()
    for usual in texts:
        for rounded in (False, True):
            cell = harmless(kind, nulls, rounded=rounded, end="[,\n]")
            assert not re.match(f"{','.join([cell] * 40)}\n", f"{','.join([usual] * 39)},1e999\n")
    assert time.process_time() - started < 5  # it would be years


def test_a_file_with_many_numbers_in_each_row() -> None:
    names = [f"c{at}" for at in range(40)]
    rows = [["1.5"] * 40] * 3 + [["1.5"] * 39 + ["0.12345678901234"]] + [["1.5"] * 40] * 3
    content = "".join(f"{','.join(row)}\n" for row in [names, *rows])
    assert [(loss.column, loss.line) for loss in losses(content, dict.fromkeys(names, "number"))] == [("c39", 5)]
