"""Cron expressions as Airbyte's public API takes them: Quartz's form, in UTC, at most once a minute."""

from __future__ import annotations

import datetime
import re

NUMBERS = r"[\d*,/-]+"
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAY = f"(?:[1-7]|{'|'.join(DAYS)})"
# What croniter knows beyond Quartz (random times with R and H, 0 for Sunday) is not let through to it.
FIELDS = {
    "second": r"\d\d?",
    "minute": NUMBERS,
    "hour": NUMBERS,
    "day of the month": rf"\?|L|\d\d?W|{NUMBERS}",
    "month": rf"(?:[\d*,/-]|{'|'.join(MONTHS)})+",
    "day of the week": r"\?|[\w*,/#-]+",
    "year": NUMBERS,
}
DAY_OF_WEEK = re.compile(
    rf"(?P<last>{DAY})L|(?P<nth>{DAY})#(?P<week>[1-5])|(?P<first>{DAY}|\*)(?:-(?P<to>{DAY}))?(?:/(?P<step>[1-7]))?"
)


class CronError(ValueError):
    """The expression is not one that Airbyte would take; the message is a sentence without its first words."""


def checked(expression: str) -> str:
    """Return the expression as it is kept, without the time zone UTC at its end. Raises CronError."""
    kept = expression.removesuffix("UTC").strip()
    if next_time(kept, datetime.datetime.now(datetime.UTC).timestamp()) is None:
        raise CronError("never comes due")
    return kept


def next_time(expression: str, after: float) -> float | None:
    """Return the first time after this one (seconds since 1970), None if there is none. Raises CronError."""
    from croniter import CroniterBadDateError, CroniterError, croniter  # here: a tenth of a second to import

    start = datetime.datetime.fromtimestamp(after, datetime.UTC)
    try:
        found = croniter(_translated(expression), start, second_at_beginning=True).get_next(datetime.datetime)
    except CroniterBadDateError:
        return None
    except CroniterError as error:
        raise CronError("has a value that is out of range, or a combination that is not supported") from error
    return float(found.timestamp())


def _translated(expression: str) -> str:
    """Return a Quartz expression as croniter reads it."""
    fields = dict(zip(FIELDS, expression.upper().split(), strict=False))
    count = len(expression.split())
    if count > 6 and re.search("[A-Za-z]", expression.split()[-1]):
        raise CronError("has a time zone other than UTC, which Airbyte's public API does not take")
    if not 6 <= count <= 7:
        raise CronError(
            f"has {count} fields, not 6 or 7: second minute hour day month day-of-week [year], 0 0 12 * * ?"
        )
    if not re.fullmatch(r"\d+", fields["second"]) or (count == 7 and not re.fullmatch(r"\d+", fields["minute"])):
        raise CronError("may run more than once a minute: its second, and with a year its minute, must be a number")
    for name, value in fields.items():
        if not re.fullmatch(FIELDS[name], value, re.ASCII):
            raise CronError(f"is not understood: its {name} is none")
    if (fields["day of the month"] == "?") is (fields["day of the week"] == "?"):
        raise CronError("must have a ? for either the day of the month or the day of the week, and for one only")
    fields["day of the week"] = _day_of_week(fields["day of the week"])
    return " ".join(fields.values())


def _day_of_week(field: str) -> str:
    """Return Quartz's days (1 is Sunday, 6L the last Friday) as croniter's (0 is Sunday, L5)."""
    if field == "?":
        return "*"
    found: list[str] = []
    for part in field.split(","):
        match = DAY_OF_WEEK.fullmatch("SAT" if part == "L" else part)  # the week's last day
        if match is None:
            raise CronError("is not understood: its day of the week is none (1 is Sunday, 7 Saturday)")
        if match["last"]:
            found.append(f"L{_number(match['last'])}")
        elif match["nth"]:
            found.append(f"{_number(match['nth'])}#{match['week']}")
        else:
            first = 0 if match["first"] == "*" else _number(match["first"])
            open_ended = match["first"] == "*" or match["step"]
            last = _number(match["to"]) if match["to"] else 6 if open_ended else first
            days = range(first, last + (7 if last < first else 0) + 1, int(match["step"] or 1))
            found += [str(day % 7) for day in days]
    return ",".join(found)


def _number(day: str) -> int:
    return DAYS.index(day) if day in DAYS else int(day) - 1
