"""Finds the type of a column of texts. Without certainty, the column stays a text, so that no value loses anything.

An identifier with leading zeros is a text, also if one value in a million has them: every value is looked at. Exact
decimals, dates and times land as texts too, because a number of the connector is a double; the staging model casts
them.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from orchestrator.reading.exact import INTEGER, NUMBER, WORDS, digits_loss
from source_texts.tables import Column

INT64 = 2**63
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.([0-9]+))?")
COMMA_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:,([0-9]+))?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
BIGNUMERIC_DIGITS, BIGNUMERIC_SCALE = 20, 18
"""The digits before and after the point that the emulator stores of a BIGNUMERIC; BigQuery stores 38 and 38."""
MOST_OFFSET = timedelta(hours=14)
"""BigQuery refuses a larger offset from UTC."""
NULL_WORDS = {"null", "na", "n/a", "nan", "none", "nil", "-", "--", "?", "#n/a", r"\n"}
YES_NO = {"yes", "no", "y", "n", "t", "f", "on", "off"}
TWO, FOUR = "[0-9]{2}", "[0-9]{4}"
WRITTEN_DATES = {
    "%d.%m.%Y": rf"{TWO}\.{TWO}\.{FOUR}",
    "%d/%m/%Y": f"{TWO}/{TWO}/{FOUR}",
    "%m/%d/%Y": f"{TWO}/{TWO}/{FOUR}",
    "%Y/%m/%d": f"{FOUR}/{TWO}/{TWO}",
    "%d-%m-%Y": f"{TWO}-{TWO}-{FOUR}",
    "%m-%d-%Y": f"{TWO}-{TWO}-{FOUR}",
}


class TextColumn:
    """A column of texts, value by value."""

    def __init__(self, name: str) -> None:
        """`name` is the column's name in the file."""
        self.name = name
        self.values = 0
        self._example = ""
        self._odd: dict[str, str] = {}  # kind: the first value that is not of the kind, when others were
        self._null_words: set[str] = set()
        self._fits: dict[str, Callable[[str], bool]] = {
            "boolean": lambda text: text.casefold() in WORDS,
            "integer": _is_integer,
            "number": self._is_decimal,
            "comma": self._is_comma_decimal,
            "float": _is_float,
            "date": _is_date,
            "instant": lambda text: _is_time(text, zoned=True),
            "time": lambda text: _is_time(text, zoned=False),
            **{form: _written_date(form, pattern) for form, pattern in WRITTEN_DATES.items()},
        }
        self._scales: set[int] = set()
        self._zeros_at_end = self._words_only = False
        self._most_digits = self._most_scale = 0
        self._comma_scales: set[int] = set()
        self._yes_no = True

    def add(self, text: str) -> None:
        """Take one value that is not NULL."""
        self.values += 1
        if not self._example:
            self._example = text[:40]
        if self._yes_no and text.casefold() not in YES_NO:
            self._yes_no = False
        if not self._fits:
            return
        if text.casefold() in NULL_WORDS:
            self._null_words.add(text)
            return
        for kind, fits in list(self._fits.items()):
            if not fits(text):
                del self._fits[kind]
                if self.values > 1:
                    self._odd[kind] = text[:40]

    def column(self) -> Column:
        """Return the column with its type, and why the type is text if another one nearly fits."""
        found = self._typed() if self.values else None
        if found is None or self._null_words:
            return Column(self.name, "string", "cast({} as string)", self._example, self._why(found))
        landing, cast = found
        return Column(self.name, landing, cast, self._example)

    def _typed(self) -> tuple[str, str] | None:
        """Return the type in connections.yaml and the cast; None: text."""
        if self.values == len(self._null_words) and self._null_words:
            return None
        fits = self._fits
        if "boolean" in fits:
            return "boolean", "cast({} as bool)"
        if "integer" in fits:
            return "integer", "cast({} as int64)"
        if "number" in fits and (kind := self._numeric(self._scales)):
            return "string", f"cast({{}} as {kind})"
        if "comma" in fits and not self._is_thousands() and (kind := self._numeric(self._comma_scales)):
            return "string", f"cast(replace({{}}, ',', '.') as {kind})"
        if "float" in fits and "number" not in fits:
            return "string", "cast({} as float64)"
        for kind, cast in (("date", "date"), ("instant", "timestamp"), ("time", "datetime")):
            if kind in fits:
                return "string", f"cast({{}} as {cast})"
        written = [form for form in WRITTEN_DATES if form in fits]
        if len(written) == 1:
            return "string", f"parse_date('{written[0]}', {{}})"
        return None

    def _numeric(self, scales: set[int]) -> str | None:
        """Return the type of decimals; None if the text has more than the number, as the version 1.10 has."""
        if self._zeros_at_end and len(scales) > 1:
            return None
        if not scales - {0}:
            return None
        if self._most_digits <= 29 and self._most_scale <= 9:
            return "numeric"
        fits = self._most_digits <= BIGNUMERIC_DIGITS and self._most_scale <= BIGNUMERIC_SCALE
        return "bignumeric" if fits else None

    def _is_thousands(self) -> bool:
        """Whether the comma may separate thousands: 1,234."""
        return self._comma_scales <= {0, 3}

    def _why(self, found: tuple[str, str] | None) -> str:
        if not self.values:
            return "it has no value in any record"
        if self._null_words:
            words = ", ".join(sorted(self._null_words))
            kind = f" between values of another type ({found[0]})" if found and found[0] != "string" else ""
            return f"{words} may stand for NULL{kind}; if it does, declare it in null_values" if kind or found else ""
        written = [form for form in WRITTEN_DATES if form in self._fits]
        if len(written) > 1:
            return f"a date that can be read as {' or as '.join(written)}: cast it with the right one, by parse_date"
        if "comma" in self._fits and self._comma_scales > {0}:
            return "a comma can separate decimals or thousands"
        if "number" in self._fits:
            return "zeros at the end differ (1.1 and 1.10), or it has too many digits for a number"
        if self._yes_no:
            return "a text that may mean true and false"
        for kind, name in (("integer", "whole number"), ("number", "number"), ("date", "date")):
            if kind in self._odd and self.values > 1:
                return f"{self._odd[kind]} is not a {name} that can be kept exactly"
        return ""

    def _is_decimal(self, text: str) -> bool:
        found = DECIMAL.fullmatch(text)
        if found is None:
            return False
        self._note_decimal(text, found[1] or "", self._scales)
        return True

    def _is_comma_decimal(self, text: str) -> bool:
        found = COMMA_DECIMAL.fullmatch(text)
        if found is None:
            return False
        self._note_decimal(text, found[1] or "", self._comma_scales)
        return True

    def _note_decimal(self, text: str, fraction: str, scales: set[int]) -> None:
        scales.add(len(fraction))
        self._zeros_at_end = self._zeros_at_end or fraction.endswith("0")
        self._most_scale = max(self._most_scale, len(fraction))
        self._most_digits = max(self._most_digits, len(re.split("[.,]", text.lstrip("-"))[0]))


def _is_integer(text: str) -> bool:
    return INTEGER.fullmatch(text) is not None and text != "-0" and -INT64 <= int(text) < INT64


def _is_float(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None and text[-1:].isdigit() and digits_loss(text, numeric=False) is None


def _is_date(text: str) -> bool:
    try:
        return DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_time(text: str, *, zoned: bool) -> bool:
    found = TIME.fullmatch(text)
    if found is None or bool(found[1]) is not zoned:
        return False
    try:
        read = datetime.fromisoformat(text)
        offset = read.utcoffset() or timedelta()
        read.replace(tzinfo=None) - offset  # BigQuery keeps the time in UTC, where it may be before the year 1
    except (ValueError, OverflowError):
        return False
    return abs(offset) <= MOST_OFFSET


def _written_date(form: str, pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)

    def fits(text: str) -> bool:
        if not compiled.fullmatch(text):
            return False
        try:
            datetime.strptime(text, form)
        except ValueError:
            return False
        return True

    return fits
