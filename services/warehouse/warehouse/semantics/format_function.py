"""FORMAT: reads its format, checks the types of its arguments, and writes them as printf does, exactly for NUMERIC."""

import decimal
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SPECIFIER = re.compile(r"%(?:%|([-+ #0']*)(\*|\d+)?(?:\.(\*|\d*))?(.?))", re.DOTALL)
INTEGERS, FLOATS = "dioxX", "fFeEgG"
TYPES = {  # the types that a letter takes, and BigQuery's word for them
    **dict.fromkeys(INTEGERS, (("INT64",), "integer")),
    **dict.fromkeys(FLOATS, (("FLOAT64", "NUMERIC", "BIGNUMERIC"), "FLOAT64")),
    **dict.fromkeys("pP", (("JSON",), "JSON")),
    "s": (("STRING",), "STRING"),
}
ANY = "tT"
UNKNOWN = "?"  # a type that the analysis does not know
FORMS = 3  # texts of an argument: of its value, for %t, for %T
EXACT = decimal.Context(prec=100, rounding=decimal.ROUND_HALF_UP)
PRECISION = 6  # digits of a number without a precision


@dataclass(frozen=True)
class Specifier:
    """A place of the format. `width` and `precision` are digits, `*` for the next argument, or None."""

    flags: str
    width: str | None
    precision: str | None
    letter: str

    def types(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the accepted types of each argument that the place takes, and BigQuery's word for them."""
        for given in (self.width, self.precision):
            if given == "*":
                yield TYPES["d"]
        yield TYPES.get(self.letter, ((), "ANY"))

    def letters(self) -> str:
        """Return the letter of each argument that the place takes."""
        return "".join("d" for given in (self.width, self.precision) if given == "*") + self.letter

    def is_plain(self) -> bool:
        """Whether DuckDB's printf writes the place in the same way, which is faster."""
        allowed = {**dict.fromkeys("di", "-+ 0"), **dict.fromkeys("feEgG", "-+ "), **dict.fromkeys("stT", "-")}
        digits = self.width != "*" and (self.precision is None or (self.letter in FLOATS and self.precision.isdigit()))
        if {"-", "0"} <= set(self.flags):
            return False
        return digits and set(self.flags) <= set(allowed.get(self.letter, ())) and self.letter in allowed

    def of_printf(self) -> str:
        """Return a plain place for DuckDB's printf, which gets the text of %t and %T."""
        precision = "" if self.precision is None else f".{self.precision}"
        return f"%{self.flags}{self.width or ''}{precision}{'s' if self.letter in ANY else self.letter}"


def parse(template: str) -> list[str | Specifier]:
    """Return the texts and places of a format. Raises ValueError for an invalid one."""
    found: list[str | Specifier] = []
    end = 0
    for match in SPECIFIER.finditer(template):
        found.append(template[end : match.start()])
        end = match.end()
        if match[0] == "%%":
            found.append("%")
            continue
        flags, width, precision, letter = match.groups()
        if letter in ("", "%"):
            raise ValueError(f'Invalid FORMAT string: "{template}"')
        if letter not in TYPES and letter not in ANY:
            raise ValueError(f'Invalid format specifier character "{letter}" in FORMAT string: "{template}"')
        found.append(Specifier(flags, width, precision, letter))
    return [*found, template[end:]]


def check(template: str, kinds: Sequence[str]) -> list[str | Specifier]:
    """Return the parsed format. Raises ValueError when the arguments, of the types `kinds`, do not fit it."""
    parts = parse(template)
    wanted = [types for part in parts if isinstance(part, Specifier) for types in part.types()]
    if len(wanted) != len(kinds):
        few = "few" if len(wanted) > len(kinds) else "many"
        raise ValueError(
            f'Too {few} arguments to FORMAT for pattern "{template}"; Expected {len(wanted) + 1}; Got {len(kinds) + 1}'
        )
    for place, ((accepted, word), kind) in enumerate(zip(wanted, kinds, strict=True), 2):
        if accepted and kind not in (*accepted, UNKNOWN):
            raise ValueError(f"Invalid type for argument {place} to FORMAT; Expected {word}; Got {kind}")
    return parts


def formatted(template: str, kinds: list[str], texts: list[str | None]) -> str | None:
    """Return the text that FORMAT makes; None when an argument of another letter than t and T is NULL.

    `texts` has three texts for each argument: its value, how %t shows it, how %T shows it. Raises ValueError.
    """
    place = -1
    result = []

    def argument(form: int = 0) -> str | None:
        nonlocal place
        place += 1
        return texts[FORMS * place + form]

    for part in check(template, kinds):
        if isinstance(part, str):
            result.append(part)
            continue
        width = argument() if part.width == "*" else part.width or "0"
        precision = argument() if part.precision == "*" else part.precision
        value = argument(1 + ANY.index(part.letter) if part.letter in ANY else 0)
        if value is None or width is None or (part.precision == "*" and precision is None):
            return None
        flags = part.flags + ("-" if int(width) < 0 else "")
        exactly = None if precision is None or precision.startswith("-") else int(precision or 0)
        result.append(_written(part.letter, flags, abs(int(width)), exactly, value, kinds[place]))
    return "".join(result)


def _written(letter: str, flags: str, width: int, precision: int | None, value: str, kind: str) -> str:
    zeros = "0" in flags and "-" not in flags
    if letter in INTEGERS:
        sign, digits = _integer(letter, flags, precision, int(value))
        zeros = zeros and precision is None
    elif letter in FLOATS:
        sign, digits = _number(letter, flags, PRECISION if precision is None else precision, value, kind)
        zeros = zeros and digits[-1].isdigit()
    else:
        text = json.dumps(json.loads(value), indent=2, ensure_ascii=False) if letter == "P" else value
        sign, digits, zeros = "", text if precision is None else text[:precision], False
    if zeros:
        digits = digits.rjust(width - len(sign), "0")
    return (sign + digits).ljust(width) if "-" in flags else (sign + digits).rjust(width)


def _sign(negative: bool, flags: str) -> str:
    return "-" if negative else "+" if "+" in flags else " " if " " in flags else ""


def _integer(letter: str, flags: str, precision: int | None, value: int) -> tuple[str, str]:
    """Return the sign, with the `0x` of `#`, and the digits."""
    digits = format(abs(value), "d" if letter in "di" else letter)
    if value == 0 and precision == 0:
        digits = ""
    digits = digits.rjust(precision or 0, "0")
    if "'" in flags:
        digits = _grouped(digits, *((",", 3) if letter in "di" else (":", 4)))
    prefix = {"x": "0x", "X": "0X", "o": "0"}.get(letter, "") if "#" in flags else ""
    return _sign(value < 0, flags) + prefix, digits


def _number(letter: str, flags: str, precision: int, value: str, kind: str) -> tuple[str, str]:
    """Return the sign and the digits of a FLOAT64, NUMERIC or BIGNUMERIC."""
    if kind in ("NUMERIC", "BIGNUMERIC"):
        number: Any = decimal.Decimal(value)
        digits = _decimal(letter, "#" in flags, precision, number.copy_abs())
        negative = number.is_signed()
    else:
        number = float(value)
        digits = ("%" + ("#" if "#" in flags else "") + f".{precision}{letter}") % abs(number)
        negative = value.startswith("-")
    if "'" in flags and "e" not in digits.casefold():
        whole, point, rest = digits.partition(".")
        digits = _grouped(whole, ",", 3) + point + rest
    return _sign(negative, flags), digits


def _decimal(letter: str, kept: bool, precision: int, number: decimal.Decimal) -> str:
    """Return the digits of an exact number that is not negative; half is rounded up."""
    style = letter.casefold()
    point = "." if kept and not precision else ""
    if style == "f":
        return f"{number.quantize(decimal.Decimal(1).scaleb(-precision), context=EXACT):f}{point}"
    significant = precision + 1 if style == "e" else precision or 1
    rounded = decimal.Context(prec=significant, rounding=decimal.ROUND_HALF_UP).plus(number)
    exponent = rounded.adjusted() if rounded else 0
    if style == "g" and -4 <= exponent < significant:
        digits = f"{number.quantize(decimal.Decimal(1).scaleb(exponent - significant + 1), context=EXACT):f}"
        return digits if kept else _without_zeros(digits)
    mantissa = f"{rounded.scaleb(-exponent).quantize(decimal.Decimal(1).scaleb(1 - significant)):f}{point}"
    if style == "g" and not kept:
        mantissa = _without_zeros(mantissa)
    return f"{mantissa}{'E' if letter.isupper() else 'e'}{exponent:+03d}"


def _without_zeros(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _grouped(digits: str, mark: str, size: int) -> str:
    first = len(digits) % size or size
    return mark.join([digits[:first], *(digits[i : i + size] for i in range(first, len(digits), size))])


FUNCTIONS = {"_format": (formatted, ["VARCHAR", "VARCHAR[]", "VARCHAR[]"], "VARCHAR")}
