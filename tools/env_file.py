"""Reads .env and connections.env. Standard library only, any Python from 3.9 on."""

from __future__ import annotations

import os
import re
from pathlib import Path

LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>\w+)[ \t]*=[ \t]*"""
    r"""(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>.*?))(?:[ \t]+\#.*)?[ \t]*$""",
    re.MULTILINE,
)


def read(path: Path) -> dict[str, str]:
    """Return the variables of a file; none where there is no file.

    Quotes, comments and values over several lines are read as Compose does. What stands outside single quotes is taken
    as it is: Compose would expand a $ there, and escapes in double quotes.
    """
    if not path.exists():
        return {}
    found = LINE.finditer(path.read_text())
    return {match["name"]: match["single"] or match["double"] or match["plain"] or "" for match in found}


def with_connections(root: Path) -> dict[str, str]:
    """Return the caller's variables and those of connections.env: connections.yaml refers to both, the former win."""
    return read(root / "connections.env") | dict(os.environ)
