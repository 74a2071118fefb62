"""The Python functions that the emulator's SQL calls where DuckDB has no function."""

from decimal import Decimal

import pytest

from warehouse.semantics import bytes_functions, instants, json_functions, number_functions, text_functions


@pytest.mark.parametrize(
    ("document", "path", "new", "expected"),
    [
        ('{"a":1}', "$.a", "2", '{"a":2}'),
        ("{}", "$.a[1].b", "1", '{"a":[null,{"b":1}]}'),
        ("[1]", "$[3]", "1", "[1,null,null,1]"),
        ('{"a":1}', "$.a.b", "1", '{"a":1}'),
        ("12", "$.a", "1", "12"),
    ],
)
def test_json_set_makes_what_is_missing_and_changes_no_other_kind(
    document: str, path: str, new: str, expected: str
) -> None:
    assert json_functions.set_value(document, path, new) == expected


def test_json_arrays_grow_at_the_place() -> None:
    assert json_functions.append('{"a":[1]}', "$.a", "[2,3]") == '{"a":[1,2,3]}'
    assert json_functions.append("null", "$", "[1]") == "[1]"
    assert json_functions.append("12", "$", "[1]") == "12"
    assert json_functions.insert("[1,2]", "$[5]", "[9]") == "[1,2,null,null,null,9]"
    assert json_functions.insert("[1,2]", "$[1]", "[9]") == "[1,9,2]"


def test_json_removes_and_sorts() -> None:
    assert json_functions.remove('{"b":1,"a":[1,2]}', "$.a[0]") == '{"a":[2],"b":1}'
    assert json_functions.remove("null", "$.x") == "null"
    assert json_functions.text('{"b":1.50,"a":2,"a":3}') == '{"a":2,"b":1.5}'
    assert json_functions.strip_nulls('{"a":null,"b":[null,1]}') == '{"b":[1]}'
    with pytest.raises(ValueError, match=r"\$"):
        json_functions.remove("{}", "$")
    with pytest.raises(ValueError, match=r"'a\.b'"):
        json_functions.remove("{}", "$['a.b']")


def test_intervals_in_json_are_iso_8601() -> None:
    assert json_functions.interval("1-2 3 4:5:6.700") == "P1Y2M3DT4H5M6.7S"
    assert json_functions.interval("-1-2 -3 -4:5:6") == "P-1Y-2M-3DT-4H-5M-6S"
    assert json_functions.interval("0-0 0 0:0:0") == "P0Y"


def test_bytes_are_padded_cut_and_compared() -> None:
    assert bytes_functions.left_pad(b"ab", 5, b"xy") == b"xyxab"
    assert bytes_functions.right_pad(b"abc", 2, b"-") == b"ab"
    assert bytes_functions.right(b"abc", 2) == b"bc"
    assert bytes_functions.like(b"abc", b"a%")
    assert not bytes_functions.like(b"abc", b"_")
    assert bytes_functions.translate(b"abc", b"ab", b"x") == b"xc"
    assert bytes_functions.literal(b'\xffa"') == "b'\\xffa\"'"
    for call in (bytes_functions.left, bytes_functions.right, bytes_functions.repeat):
        with pytest.raises(ValueError, match="negative"):
            call(b"a", -1)


def test_numeric_mathematics_is_exact_to_nine_decimals() -> None:
    assert number_functions.power(Decimal("1.5"), Decimal(-1)) == Decimal("0.666666667")
    assert number_functions.round_to(Decimal("2.5"), 0, "ROUND_HALF_EVEN") == 2
    assert number_functions.round_to(Decimal("-1250"), -2, "ROUND_HALF_UP") == -1300
    assert number_functions.product_or_null(Decimal("9e28"), Decimal(9)) is None
    for x, y in ((0, -1), (-2, Decimal("0.5")), (10, 40)):
        with pytest.raises(ValueError, match="POW"):
            number_functions.power(Decimal(x), Decimal(y))
    with pytest.raises(ValueError, match="18 decimals"):
        number_functions.bignumeric_quotient(Decimal(1), Decimal(3))


def test_texts_are_characters() -> None:
    assert text_functions.edit_distance("é", "e") == 1
    assert text_functions.initcap("foo\u00a0bar", text_functions.DELIMITERS) == "Foo\u00a0Bar"
    assert text_functions.soundex("Ashcraft") == "A261"
    assert text_functions.float_text(1e15) == "1e+15"
    with pytest.raises(ValueError, match="capturing"):
        text_functions.grouped_once("(a)|(b)")
    assert text_functions.grouped_once(r"(?:a)(b)\(") == r"(?:a)(b)\("


@pytest.mark.parametrize(
    ("seconds", "zone", "name"),
    [
        (1704067200, "UTC", "UTC"),
        (1704067200, "Asia/Tokyo", "UTC+9"),
        (1704067200, "America/St_Johns", "UTC-0330"),
        (1704067200, "+05:45", "UTC+0545"),
        (1704067200, "-5", "UTC-5"),
        (-3786825600, "America/New_York", "UTC-0456"),
    ],
)
def test_a_zone_is_named_by_its_offset(seconds: float, zone: str, name: str) -> None:
    assert instants.zone_name(seconds, zone) == name


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        instants.zone_name(0, "nowhere")


def test_json_numbers_are_rounded_to_doubles() -> None:
    assert json_functions.rounded('{"b":1,"a":2,"a":3}') == '{"a":2,"b":1}'
    assert json_functions.rounded("[18446744073709551615,18446744073709551616]") == (
        "[18446744073709551615,1.8446744073709552e+19]"
    )


def test_a_bignumeric_of_more_than_18_decimals_is_refused() -> None:
    assert number_functions.bignumeric_text("0.1234567890123456780000") == "0.1234567890123456780000"
    for text in ("0.1234567890123456789", "1e-19"):
        with pytest.raises(ValueError, match="18 decimals"):
            number_functions.bignumeric_text(text)
