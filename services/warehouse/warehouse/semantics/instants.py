"""PARSE_TIMESTAMP and the like, for formats that DuckDB does not read: with %E*S, %E3S, %s or %%, or not constant."""

import datetime
import functools
import re
import zoneinfo

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
ELEMENTS = {  # what an element of a format matches
    "%Y": r"(?P<year>\d{1,5})",
    "%y": r"(?P<short_year>\d{1,2})",
    "%m": r"(?P<month>\d{1,2})",
    "%b": r"(?P<month_name>[A-Za-z]{3})",
    "%B": r"(?P<month_name>[A-Za-z]{3,9})",
    "%d": r"(?P<day> ?\d{1,2})",
    "%e": r"(?P<day> ?\d{1,2})",
    "%-d": r"(?P<day> ?\d{1,2})",
    "%H": r"(?P<hour>\d{1,2})",
    "%I": r"(?P<hour>\d{1,2})",
    "%p": r"(?P<half>[AaPp][Mm])",
    "%M": r"(?P<minute>\d{1,2})",
    "%S": r"(?P<second>\d{1,2})",
    "%s": r"(?P<epoch>-?\d+)",
    "%z": r"(?P<offset>[+-]\d{1,2}:?\d{0,2}|[zZ])",
    "%Ez": r"(?P<offset>[+-]\d{1,2}:?\d{0,2}|[zZ])",
    "%Z": r"(?P<zone>[A-Za-z][\w/+-]*)",
    "%%": "%",
    "%n": r"\s+",
    "%t": r"\s+",
    "%a": r"[A-Za-z]{3,9}",
    "%A": r"[A-Za-z]{3,9}",
}
WHOLES = {  # elements that stand for several
    "%F": "%Y-%m-%d",
    "%T": "%H:%M:%S",
    "%X": "%H:%M:%S",
    "%R": "%H:%M",
    "%D": "%m/%d/%y",
    "%x": "%m/%d/%y",
    "%h": "%b",
}
WHOLE = re.compile("%.")
ELEMENT = re.compile(r"%E[*\d]?[A-Za-z]|%-?[A-Za-z%]|\s+|.", re.DOTALL)
SECONDS = re.compile(r"%E([*\d])S")
OFFSET = re.compile(r"[+-]\d{1,2}(:\d{2})?")


def parse(template: str, text: str, zone: str) -> int:
    """Return the instant in microseconds since 1970. Raises ValueError for a text that is not of this form."""
    match = _pattern(template).fullmatch(text.strip())
    if match is None:
        raise ValueError(f"Failed to parse input string {text!r}")
    found = match.groupdict()
    if found.get("epoch"):
        return int(found["epoch"]) * 1_000_000
    year = int(found.get("year") or 1970)
    if short := found.get("short_year"):
        year = int(short) + (1900 if int(short) >= 69 else 2000)
    month = int(found.get("month") or 1)
    if name := found.get("month_name"):
        month = MONTHS.index(name[:3].lower()) + 1
    hour = int(found.get("hour") or 0)
    if half := found.get("half"):
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    second, _, fraction = (found.get("second") or "0").partition(".")
    local = datetime.datetime(year, month, int(found.get("day") or 1), hour, int(found.get("minute") or 0), int(second))
    local += datetime.timedelta(microseconds=int(fraction[:6].ljust(6, "0")))
    instant = local.replace(tzinfo=zone_at(found.get("offset"), found.get("zone") or zone))
    return (instant - EPOCH) // datetime.timedelta(microseconds=1)


def zone_name(seconds: float, zone: str) -> str:
    """Return the name of a time zone's offset at an instant: UTC, UTC-5, UTC+0545. Raises for an unknown zone."""
    offset = zone if OFFSET.fullmatch(zone) else None
    found = (EPOCH + datetime.timedelta(seconds=seconds)).astimezone(zone_at(offset, zone)).utcoffset()
    total = (found or datetime.timedelta()).total_seconds()
    hours, minutes = divmod(int(abs(total)) // 60, 60)
    sign = "-" if total < 0 else "+"
    if minutes:
        return f"UTC{sign}{hours:02d}{minutes:02d}"
    return f"UTC{sign}{hours}" if hours else "UTC"


def zone_at(offset: str | None, name: str) -> datetime.tzinfo:
    """Return the zone of an offset (`+5:30`), without one of a name. Raises ValueError for an unknown zone."""
    if offset is None:
        try:
            return zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"Invalid time zone: {name}") from None
    digits = re.sub(r"\D", "", offset)
    hours, minutes = (digits[:-2] or digits, digits[-2:]) if len(digits) > 2 else (digits or "0", "0")
    delta = datetime.timedelta(hours=int(hours), minutes=int(minutes))
    return datetime.timezone(-delta if offset.startswith("-") else delta)


@functools.lru_cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return what a format matches. Raises ValueError for an element that is not supported."""
    parts: list[str] = []
    for element in ELEMENT.findall(WHOLE.sub(lambda found: WHOLES.get(found[0], found[0]), template)):
        if seconds := SECONDS.fullmatch(element):
            digits = "+" if seconds[1] == "*" else f"{{0,{seconds[1]}}}"
            parts.append(rf"(?P<second>\d{{1,2}}(?:\.\d{digits})?)")
        elif element.isspace():
            parts.append(r"\s*")
        elif element.startswith("%") and element not in ELEMENTS:
            raise ValueError(f"Format element {element} is not supported in this format")
        else:
            parts.append(ELEMENTS.get(element, re.escape(element)))
    return re.compile("".join(parts))
