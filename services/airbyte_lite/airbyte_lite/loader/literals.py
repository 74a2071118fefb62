"""Reads numbers of a message with all their digits.

The fast JSON parser reads fractions, and integers of more than 64 bits, as doubles, which keep about 16 digits. NUMERIC
keeps 38 digits and STRING any number, so the loader reads such numbers again from the text of the message.
"""

import json
from decimal import Decimal
from typing import Any

import orjson

# A double keeps every number of up to 15 significant digits exactly; it may change a number of 16 digits.
_LONG = b"0" * 16
_DIGITS = bytes.maketrans(b"123456789.", b"0000000000")


class Literal(str):
    """A number, as the text in the message."""

    __slots__ = ()


def data_of(message: bytes) -> dict[str, Any] | None:
    """Return the data of a RECORD message with long numbers as Literal, or None if the message has no long number.

    If a text contains many digits, the message is parsed although it may have no long number.
    """
    if _LONG not in message.translate(_DIGITS):
        return None
    content = json.loads(
        message.decode(errors="replace"), parse_float=_fraction, parse_int=_integer, parse_constant=str
    )
    data: dict[str, Any] = content["record"]["data"]
    return data


def json_text(value: Any) -> str:
    """Return the value as compact JSON, with every Literal as a number."""
    return orjson.dumps(value, default=_number, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _is_long(text: str) -> bool:
    return _LONG in text.encode().translate(_DIGITS)


def _fraction(text: str) -> float | Literal:
    return Literal(text) if _is_long(text) else float(text)


def _integer(text: str) -> int | Literal:
    return Literal(text) if len(text) > 19 else int(text)  # the fast parser keeps integers of up to 19 characters


def _number(value: Any) -> orjson.Fragment:
    if type(value) is Literal:
        return orjson.Fragment(value.encode())
    raise TypeError


def decimal_of(value: float | Literal) -> Decimal:
    """Return the exact number of the message. A float has a short number, which repr returns exactly."""
    return Decimal(value) if type(value) is Literal else Decimal(repr(value))
