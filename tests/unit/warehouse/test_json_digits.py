"""The numbers that PARSE_JSON accepts. The answers are those of GoogleSQL itself (tests/dialect/oracle)."""

from decimal import Decimal

import pytest

from warehouse.semantics.json_digits import overflow, refusal, written


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        (0.1, "0.1"),
        (67.174118, "67.17411800000001"),
        (-1687473876.057356, "-1687473876.0573561"),
        (1e23, "9.999999999999999e22"),
        (5e-324, "5e-324"),
        (2.2250738585072014e-308, "2.2250738585072014e-308"),
        (1.7976931348623157e308, "1.7976931348623157e308"),
        (0.0, "0"),
    ],
)
def test_a_double_has_the_digits_of_bigquery(value: float, digits: str) -> None:
    assert written(value) == Decimal(digits)
    assert float(written(value)) == value


def test_numbers_that_cannot_be_kept_are_refused() -> None:
    for number in ("1.10", "5.0", "1e3", "-0", "18446744073709551615", "123456789012345680000", "67.17411800000001"):
        assert refusal(f'{{"a": [{number}]}}') == ""
    for number in ("67.174118", "1685019801.1016695", "18446744073709551616", "1e-400", "0.12345678901234567890"):
        assert refusal(f'{{"a": [{number}]}}').endswith(
            f"Input number: {number} cannot round-trip through string representation"
        )
        assert overflow(number) == ""
    assert refusal("0e99999999999999999999") == refusal("-0.00") == ""
    assert "cannot round-trip" in refusal("1e-99999999999999999999")
    assert "number overflow" in refusal("1" * 5000)
    assert overflow("[1, -1e400]") == "Invalid input to PARSE_JSON: number overflow parsing '-1e400'"
    assert refusal('{"a": "67.174118"}') == refusal("67.174118 and more") == ""
