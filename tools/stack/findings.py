"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """The result of one check: a level of "ok", "warn" or "fail", what was found, and what to do about it."""

    level: str
    what: str
    next: str = ""
