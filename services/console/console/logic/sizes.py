"""Numbers and sizes in words."""

from __future__ import annotations

STEP = 1000


def count(number: int | None, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 row`, `1,200 rows`; of None, an empty text."""
    if number is None:
        return ""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: int) -> str:
    """Return a number of bytes: `12 B`, `3.4 MB`."""
    amount = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < STEP:
            return f"{number} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= STEP
    return f"{amount:.1f} TB"
