"""Times in words, in the user's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds


def zone(name: str | None) -> ZoneInfo:
    """Return the time zone of this name, or UTC if there is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def full(moment: datetime, where: ZoneInfo) -> str:
    """Return a time with its zone: `2026-03-01 14:05:09 CET`."""
    return moment.astimezone(where).strftime("%Y-%m-%d %H:%M:%S %Z")


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago a time is: `just now`, `5 min ago`, `in 2 h`."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if abs(seconds) < 10:
        return "just now"
    words = duration(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"


def duration(seconds: float) -> str:
    """Return a duration in its largest unit: `42 s`, `3 min`, `2 h`, `5 days`."""
    days = int(seconds // DAY)
    if days:
        return f"{days} day{'s' * (days != 1)}"
    for size, unit in ((HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{round(seconds)} s"


def short(seconds: float) -> str:
    """Return how long something took: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def of_seconds(timestamp: float | str) -> datetime:
    """Return the time of a Unix timestamp in seconds."""
    return datetime.fromtimestamp(float(timestamp), UTC)
