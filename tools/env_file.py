"""Reads .env and connections.env as Compose does. Standard library only, any Python from 3.9 on."""

from __future__ import annotations

from pathlib import Path


def read(path: Path) -> dict[str, str]:
    """Return the variables of a file, quotes around a value taken off; none where there is no file."""
    if not path.exists():
        return {}
    variables = {}
    for line in path.read_text().splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            value = value.strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            variables[name.strip()] = value[1:-1] if quoted else value.split(" #")[0].rstrip()
    return variables
