"""What a text loses when Airbyte loads it into a column of numbers or booleans.

The connector reads a text with Python's `int` or `float`. `float` is a double: it keeps 15 digits. BigQuery's NUMERIC
keeps nine decimals.
"""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Literal

Kind = Literal["integer", "number", "boolean", "whole", "digits", "json", "spelling"]
"""What a column's values are. "whole" and "digits" are integers and numbers that are declared as such, so that only
their value counts; "json" is JSON text that is declared as object or array; "spelling" are texts, which a file of JSON
lines may have as numbers."""
LossKind = Literal[
    "text",
    "zeros",
    "underscores",
    "digits",
    "decimals",
    "null",
    "nanoseconds",
    "repeated",
    "precision",
    "days",
    "years",
    "durations",
    "spelling",
    "bytes",
    "nanoseconds as number",
]
"""What is lost: the text (`02134`), zeros at the end (`10.50`), underscores (`1_234`), digits, decimals after the
ninth, the whole value, fractions of a time, or the first value of a key that an object has twice; the digits of a
decimal beyond its precision, the days of a time of day, the year of a time of the type INT96, a part of a duration;
how a number is written that is loaded as a text; what the bytes of a logical type of Avro mean, or its number."""

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
# As programs write numbers. `12E3` and `1e5` are not: they are more often codes.
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:[eE][+-][0-9]+)?|-?[0-9]+\.[0-9]+[eE][0-9]+")
NINE_DECIMALS = Decimal("1e-9")
NUMERIC_LIMIT = Decimal(10) ** 29
WORDS = {"true", "false"}


@dataclass(frozen=True)
class Words:
    """The words that the connector reads as true and false."""

    true: Collection[str] = field(default_factory=frozenset)
    false: Collection[str] = field(default_factory=frozenset)


def loss(text: str, kind: Kind, words: Words) -> tuple[LossKind, str] | None:
    """Return what is lost and what is loaded; None if nothing is lost, or if the text is no value of this kind."""
    if kind == "boolean":
        if text.casefold() in WORDS or not (text in words.true or text in words.false):
            return None
        return "text", "true" if text in words.true else "false"
    try:
        if kind == "integer":
            return None if INTEGER.fullmatch(text) else ("text", str(int(text)))
        if kind == "whole":  # Python's int and float accept an underscore between digits
            return ("underscores", str(int(text))) if "_" in text else None
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return "null", "NULL"
    if kind == "number" and not NUMBER.fullmatch(text):
        return "text", shown(Decimal(repr(value)))
    if "_" in text:
        return "underscores", shown(Decimal(repr(value)))
    return digits_loss(text.strip(), numeric=True)


def digits_loss(text: str, *, numeric: bool) -> tuple[LossKind, str] | None:
    """Return what a number loses as a double and, with `numeric`, in a column of the type NUMERIC."""
    with localcontext(prec=400):
        loaded = Decimal(repr(float(text)))
        if not loaded.is_finite():
            return "null", "NULL"
        try:
            exact = Decimal(text)
        except InvalidOperation:  # an exponent with more digits than Python reads
            return "decimals", shown(loaded)
        if numeric:
            if abs(exact) >= NUMERIC_LIMIT:  # NULL in the table, and noted by Airbyte
                return None
            loaded = loaded.quantize(NINE_DECIMALS, rounding=ROUND_HALF_UP)
        if loaded == exact:
            return None
        rounded = abs(loaded - exact) * 2 <= NINE_DECIMALS
    return "decimals" if rounded else "digits", shown(loaded)


def text_loss(text: str) -> tuple[LossKind, str] | None:
    """Return what a number that the connector delivers as text loses in a column of the type NUMERIC."""
    try:
        exact = Decimal(text)
    except InvalidOperation:  # NULL in the table, and noted by Airbyte
        return None
    if not exact.is_finite() or abs(exact) >= NUMERIC_LIMIT:  # NULL in the table, and noted by Airbyte
        return None
    with localcontext(prec=400):
        loaded = exact.quantize(NINE_DECIMALS, rounding=ROUND_HALF_UP)
    return None if loaded == exact else ("decimals", shown(loaded))


def shown(number: Decimal) -> str:
    """Return a number as in a table, without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def harmless(
    kind: Kind,
    nulls: Collection[str],
    *,
    rounded: bool = False,
    fraction: str = "",
    usual: str = r"\.[0-9]{0,9}+",
    other: str = "",
    end: str = r"\Z",
) -> str:
    """Return a pattern of texts that lose nothing. It need not match all of them: it is for speed.

    With `rounded` it also matches numbers that lose decimals after the ninth. `fraction` must stand before the end of a
    fraction, `usual` is a pattern of most fractions, `other` are characters that a text does not have, `end` is what
    follows a text. No text up to its end matches in two ways: a line of many texts that does not match at its end would
    take exponential time.
    """
    usually, otherwise = "", [re.escape(null) for null in sorted(nulls) if null]
    first, zeros = ("[+-]?", "0*+") if kind == "digits" else ("-?", "")

    def point(decimals: str) -> str:
        return rf"(?:\.[0-9]{{{decimals}}}+{fraction}|\.0?(?![0-9]))?"

    match kind:
        case "integer":
            usually = "[1-9][0-9]*+|-?0?|-[1-9][0-9]*+"
        case "boolean":
            usually = "(?:(?i:true|false))?"
        case "whole":
            usually = "[+-]?[0-9]*+"
        case "json":
            words = "N(?!aN)|I(?!nfinity)"
            numbers = r"[0-9]{1,9}+(?![0-9.eE])|[0-9]{1,6}+\.[0-9]{0,6}+(?![0-9.eE])"
            part = rf"(?:[^0-9:NI\n{other}]++|{words}|{numbers})*+"
            usually = f"{part}(?::{part})?"  # with two keys, they may be the same
        case _ if rounded:  # what loses decimals tells nothing about zeros at the end
            lossy = r"\.[0-9]{10,}+(?<!0)"
            otherwise.append(rf"{first}{zeros}(?:0|[1-9][0-9]{{0,5}}+)?(?:{lossy}|{point('0,')})")
        case _:
            start = first if zeros else rf"{first}(?!0[0-9])"
            usually = rf"{start}[0-9]{{0,6}}+{usual}(?![0-9])"  # matches faster than the rest
            otherwise.append(
                rf"{first}{zeros}(?:(?:0|[1-9][0-9]{{0,5}}+)?{point('0,9')}"
                rf"|[1-9][0-9]{{0,11}}+{point('0,3')}|[1-9][0-9]{{0,14}}+)"
            )
    if not otherwise:
        return f"(?:{usually})"
    once = f"(?>(?:{'|'.join(otherwise)})(?={end}))"
    return f"(?:{usually}|(?!(?:{usually}){end}){once})" if usually else once
