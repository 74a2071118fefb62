"""Numbers of a message with all their digits.

The fast JSON parser reads a fraction, and an integer of more than 64 bits, as a double: 16 digits or so. NUMERIC holds
38 digits and STRING any number, so the loader reads such a number again from the text of the message.
"""

import json
from decimal import Decimal
from typing import Any

import orjson

# A double gives every number of up to 15 significant digits back as it was written; 16 may already be too many.
_LONG = b"0" * 16
_DIGITS = bytes.maketrans(b"123456789.", b"0000000000")


class Literal(str):
    """A number as it is written in the message."""

    __slots__ = ()


def data_of(message: bytes) -> dict[str, Any] | None:
    """Return the data of a RECORD message, long numbers as Literal; None if the message has no long number.

    Digits inside texts may look like a number: the data is then the same as the fast parser's.
    """
    if _LONG not in message.translate(_DIGITS):
        return None
    content = json.loads(
        message.decode(errors="replace"), parse_float=_fraction, parse_int=_integer, parse_constant=str
    )
    data: dict[str, Any] = content["record"]["data"]
    return data


def json_text(value: Any) -> str:
    """Return the value as compact JSON, with every Literal as the number that it is."""
    return orjson.dumps(value, default=_number, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _is_long(text: str) -> bool:
    return _LONG in text.encode().translate(_DIGITS)


def _fraction(text: str) -> float | Literal:
    return Literal(text) if _is_long(text) else float(text)


def _integer(text: str) -> int | Literal:
    return Literal(text) if len(text) > 19 else int(text)  # every integer of 19 characters fits into 64 bits


def _number(value: Any) -> orjson.Fragment:
    if type(value) is Literal:
        return orjson.Fragment(value.encode())
    raise TypeError


def decimal_of(value: float | Literal) -> Decimal:
    """Return the number that the source wrote: repr gives a short number back exactly."""
    return Decimal(value) if type(value) is Literal else Decimal(repr(value))
