"""Reads .env and connections.env. Standard library only, Python 3.9 or newer."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>\w+)[ \t]*[=:][ \t]*"""
    r"""(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>.*?))(?:[ \t]+\#.*)?[ \t]*$""",
    re.MULTILINE,
)


class EnvFileError(Exception):
    """A file that Compose and this module would read differently. The message names the file and the line."""


def read(path: Path) -> dict[str, str]:
    """Return the variables of a file; an empty dictionary when the file does not exist. Raises EnvFileError.

    Quotes, comments and values over several lines are read like in Compose, with one difference: outside single quotes
    Compose expands `$`, and in double quotes also escapes; here they stay as they are.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")  # an editor may put a byte order mark first
    except IsADirectoryError as error:
        raise EnvFileError(f"{path} is a folder. Remove it, then try again.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise EnvFileError(f"{path.name}, line {line}: not UTF-8. Save the file as UTF-8, then try again.") from error
    variables = {}
    for match in LINE.finditer(text):
        plain, line = match["plain"] or "", text[: match.start()].count("\n") + 1
        if plain[:1] in ("'", '"') and plain:
            raise EnvFileError(
                f"{path.name}, line {line}: the value of {match['name']} begins with {plain[0]} and does not end with "
                f"the next {plain[0]}. Write NAME='value', or a value with ' in it without quotes, then try again."
            )
        if "\0" in match[0]:
            raise EnvFileError(f"{path.name}, line {line}: a null byte. Write the file again as text, then try again.")
        variables[match["name"]] = match["single"] or match["double"] or plain
    return variables


def with_connections(root: Path, shell: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of the shell and of connections.env: connections.yaml refers to both. Raises EnvFileError.

    A variable of the shell replaces the one in the file.
    """
    return read(root / "connections.env") | dict(shell)
