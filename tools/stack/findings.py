"""The result of one check of `make doctor`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    `level` is "ok", "warn" or "fail", `what` says what the check found, `next` says what to do about it.
    """

    level: str
    what: str
    next: str = ""
