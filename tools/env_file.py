"""Reads .env and connections.env. Standard library only, Python 3.9 or newer."""

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
    """Return the variables of a file; an empty dictionary when the file does not exist.

    Quotes, comments and values over several lines are read like in Compose, with one difference: outside single quotes
    Compose expands `$`, and in double quotes also escapes; here they stay as they are.
    """
    if not path.exists():
        return {}
    found = LINE.finditer(path.read_text())
    return {match["name"]: match["single"] or match["double"] or match["plain"] or "" for match in found}


def with_connections(root: Path) -> dict[str, str]:
    """Return the environment and the variables of connections.env: connections.yaml refers to both.

    A variable of the environment replaces the one in the file.
    """
    return read(root / "connections.env") | dict(os.environ)
