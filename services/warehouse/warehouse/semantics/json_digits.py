"""The digits with which BigQuery writes a double in JSON, and whether PARSE_JSON accepts a number.

BigQuery writes doubles with the algorithm Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers Quickly and
Accurately with Integers", 2010), as the C++ library nlohmann/json does. Its digits are read as the same double again,
but they are not always the fewest: 67.174118 becomes 67.17411800000001. PARSE_JSON refuses a number that is not written
with its own digits, so also this one. Rounding and limits here are those of the library.
"""

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

STRING_OR_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)', re.DOTALL)
SIGNIFICANT = re.compile(r"[-0.]*[1-9]")
"""The start of a number that is not zero."""
LONGEST_INTEGER = 20
OVERFLOW = "Invalid input to PARSE_JSON: number overflow"
ALPHA, FIRST_POWER, POWER_STEP = -60, -300, 8
Float = tuple[int, int]
"""A whole number f and an exponent e: f * 2**e."""


def refusal(document: str) -> str:
    """Return why PARSE_JSON refuses a number of a JSON text with wide_number_mode exact; empty: it accepts all."""
    return next(filter(None, _faults(document)), "")


def overflow(document: str) -> str:
    """Return why PARSE_JSON refuses a number of a JSON text in each mode; empty: it accepts all."""
    return next((found for found in _faults(document) if found.startswith(OVERFLOW)), "")


def _faults(document: str) -> Iterator[str]:
    try:
        json.loads(document, parse_int=str, parse_float=str)  # Python's int() refuses 4,300 digits
    except ValueError:  # the parser itself says why
        return
    yield from (_fault(match[1]) for match in STRING_OR_NUMBER.finditer(document) if match[1])


@lru_cache(10_000)
def _fault(number: str) -> str:
    if len(number) <= LONGEST_INTEGER and number.lstrip("-").isdigit() and -(2**63) <= int(number) < 2**64:
        return ""
    value = float(number)
    if math.isinf(value):
        return f"{OVERFLOW} parsing '{number}'"
    # Not the Decimal of a number near zero: its exponent has a limit.
    if Decimal(number) == written(value) if value else not SIGNIFICANT.match(number):
        return ""
    return f"Invalid input to PARSE_JSON: Input number: {number} cannot round-trip through string representation"


def written(value: float) -> Decimal:
    """Return the digits of a finite double."""
    if value == 0:
        return Decimal(0)
    digits, exponent = _digits(*_boundaries(abs(value)))
    return Decimal(digits).scaleb(exponent).copy_sign(Decimal(value))


def _boundaries(value: float) -> tuple[Float, Float, Float]:
    """Return the number and the middles between it and its neighbours, below and above."""
    _, exponent = math.frexp(value)
    exponent = max(exponent - 53, -1074)
    number = int(math.ldexp(value, -exponent))
    high = _normal(2 * number + 1, exponent - 1)
    is_power = number == 2**52 and exponent > -1074
    below, low_exponent = (4 * number - 1, exponent - 2) if is_power else (2 * number - 1, exponent - 1)
    return (below << (low_exponent - high[1]), high[1]), _normal(number, exponent), high


def _normal(number: int, exponent: int) -> Float:
    shift = 64 - number.bit_length()
    return number << shift, exponent - shift


@lru_cache(128)
def _power(exponent: int) -> Float:
    """Return a power of ten as 64 bits."""
    if exponent >= 0:
        shift = (10**exponent).bit_length() - 64
        scaled, unit = 10**exponent, 1 << max(shift, 0)
        return (scaled << -shift, shift) if shift <= 0 else ((scaled + unit // 2) // unit, shift)
    unit = 10**-exponent
    shift = -(unit.bit_length() + 63)
    if (1 << -shift) // unit >= 2**64:
        shift += 1
    return ((1 << -shift) + unit // 2) // unit, shift


def _product(one: Float, other: Float) -> Float:
    return (one[0] * other[0] + 2**63) >> 64, one[1] + other[1] + 64


def _digits(low: Float, number: Float, high: Float) -> tuple[int, int]:
    """Return digits and decimal exponent."""
    wanted = ALPHA - high[1] - 1
    tens = int(wanted * 78913 / 2**18) + (wanted > 0)
    tens = FIRST_POWER + POWER_STEP * ((tens - FIRST_POWER + POWER_STEP - 1) // POWER_STEP)
    power = _power(tens)
    most, exponent = _product(high, power)
    most -= 1
    delta = most - (_product(low, power)[0] + 1)
    distance = most - _product(number, power)[0]
    one = 1 << -exponent
    whole, rest = divmod(most, one)
    unit, left = 10 ** (len(str(whole)) - 1), len(str(whole))
    digits, ten = 0, -tens
    while left:
        digit, whole = divmod(whole, unit)
        digits, left = digits * 10 + digit, left - 1
        if (whole * one) + rest <= delta:
            return _nearer(digits, distance, delta, whole * one + rest, unit * one), ten + left
        unit //= 10
    while True:
        digit, rest = divmod(rest * 10, one)
        digits, ten, delta, distance = digits * 10 + digit, ten - 1, delta * 10, distance * 10
        if rest <= delta:
            return _nearer(digits, distance, delta, rest, one), ten


def _nearer(digits: int, distance: int, delta: int, rest: int, unit: int) -> int:
    """Return the digits with a smaller last one, while that is nearer to the number."""
    while (
        rest < distance
        and delta - rest >= unit
        and (rest + unit < distance or distance - rest > rest + unit - distance)
    ):
        digits, rest = digits - 1, rest + unit
    return digits
