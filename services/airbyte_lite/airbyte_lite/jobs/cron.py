"""Cron expressions as Airbyte's public API accepts them: Quartz syntax, in UTC, at most one start a minute."""

from __future__ import annotations

import datetime
import re

NUMBERS = r"[\d*,/-]+"
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAY = f"(?:[1-7]|{'|'.join(DAYS)})"
# These patterns refuse what croniter accepts and Quartz does not: R and H (random times), and 0 for Sunday.
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
LONGEST_STEPS = {"minute": 59, "hour": 23, "day of the month": 31, "month": 12}
"""Quartz refuses the minute 0/99; croniter reads it as 0. The pattern of the day of the week limits its own step."""


class CronError(ValueError):
    """The cron expression is invalid. The message is the reason, without a full stop."""


def checked(expression: str) -> str:
    """Return the expression without a time zone UTC at its end. Raises CronError if it is invalid."""
    stripped = expression.removesuffix("UTC").strip()
    if next_time(stripped, datetime.datetime.now(datetime.UTC).timestamp()) is None:
        raise CronError("the expression matches no time in the future")
    _check_steps(stripped)
    return stripped


def _check_steps(expression: str) -> None:
    for name, field in zip(FIELDS, expression.split(), strict=False):
        longest = LONGEST_STEPS.get(name)
        if longest and any(len(step) > 2 or int(step) > longest for step in re.findall(r"/(\d+)", field)):
            raise CronError(f"{field!r} is not a valid {name}: the step after / is at most {longest}")


def next_time(expression: str, after: float) -> float | None:
    """Return the first matching time after `after`, both in seconds since 1970, or None. Raises CronError."""
    from croniter import CroniterBadDateError, CroniterError, croniter  # not at the top: the import takes 0.1 s

    start = datetime.datetime.fromtimestamp(after, datetime.UTC)
    try:
        found = croniter(_translated(expression), start, second_at_beginning=True).get_next(datetime.datetime)
    except CroniterBadDateError:
        return None
    except CroniterError as error:
        raise CronError("a value is out of range, or the combination of values is not supported") from error
    return float(found.timestamp())


def _translated(expression: str) -> str:
    """Return a Quartz expression in croniter's syntax. Raises CronError."""
    fields = dict(zip(FIELDS, expression.upper().split(), strict=False))
    count = len(expression.split())
    if count > 6 and re.search("[A-Za-z]", expression.split()[-1]):
        raise CronError("the time zone must be UTC; Airbyte's public API accepts no other time zone")
    if not 6 <= count <= 7:
        raise CronError(
            f"it has {count} fields instead of 6 or 7: second minute hour day-of-month month day-of-week [year], "
            "for example 0 0 12 * * ?"
        )
    if not re.fullmatch(r"\d+", fields["second"]):
        raise CronError("it may start more than once a minute: the second must be a number")
    if count == 7 and not re.fullmatch(r"\d+", fields["minute"]):
        raise CronError(
            "it may start more than once a minute: in an expression with a year, the minute must be a number"
        )
    for name, value in fields.items():
        if not re.fullmatch(FIELDS[name], value, re.ASCII):
            raise CronError(f"{value!r} is not a valid {name}")
    if (fields["day of the month"] == "?") is (fields["day of the week"] == "?"):
        raise CronError("exactly one of day of the month and day of the week must be ?")
    fields["day of the week"] = _day_of_week(fields["day of the week"])
    return " ".join(fields.values())


def _day_of_week(field: str) -> str:
    """Return the day-of-week field in croniter's syntax. Raises CronError.

    Quartz counts from 1 (Sunday) and writes 6L for the last Friday; croniter counts from 0 and writes L5.
    """
    if field == "?":
        return "*"
    found: list[str] = []
    for part in field.split(","):
        match = DAY_OF_WEEK.fullmatch("SAT" if part == "L" else part)  # L is the last day of the week
        if match is None:
            raise CronError(f"{part!r} is not a valid day of the week (1 is Sunday, 7 is Saturday)")
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
