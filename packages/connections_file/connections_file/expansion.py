"""References to the environment inside strings: `${NAME}`, `${NAME:-default}` and `${file:NAME}`; `$${` means `${`."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

REFERENCE = re.compile(
    r"\$\$\{|\$\{(?P<file>file:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^{}]*)?\}|(?P<broken>\$\{)"
)

UNKNOWN = "(not known here)"
"""Stands for a text with a reference that cannot be replaced here, if the caller allows that."""


class ExpansionError(ValueError):
    """A reference that cannot be resolved; `path` is its path inside the expanded value."""

    def __init__(self, message: str, path: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.path = path


class UnsetVariableError(ExpansionError):
    """A reference to a variable that is not set."""


class UnreadableFileError(ExpansionError):
    """A reference to a file that cannot be read."""


def expand(
    value: Any,
    environment: Mapping[str, str],
    path: tuple[str | int, ...] = (),
    elsewhere: Container[str] | None = None,
) -> Any:
    """Return a copy of a JSON-like value with every reference replaced.

    As in a shell, an empty variable counts as unset for `:-`. A field of a mapping is left out if its text is empty
    after the replacement, so that a setting can be optional. Raises ExpansionError if a variable is not set, a file
    cannot be read, or a `${` is not a valid reference: the text itself could otherwise be sent as a secret.

    `elsewhere` has the names of the variables that are set where the values are used. With it, a text becomes UNKNOWN
    if its variable is not set here or its file cannot be read here; the default of a variable in it is not used.
    """
    if isinstance(value, str):
        return _expand_text(value, environment, path, elsewhere)
    if isinstance(value, list):
        return [expand(item, environment, (*path, index), elsewhere) for index, item in enumerate(value)]
    if isinstance(value, dict):
        expanded = {key: expand(item, environment, (*path, key), elsewhere) for key, item in value.items()}
        return {key: item for key, item in expanded.items() if not (item == "" and value[key] != "")}
    return value


def references(value: Any) -> set[str]:
    """Return the names of the variables that the texts of a JSON-like value refer to."""
    if isinstance(value, str):
        return {found["name"] for found in REFERENCE.finditer(value) if found["name"]}
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for item in items for name in references(item)}


def _expand_text(
    text: str, environment: Mapping[str, str], path: tuple[str | int, ...], elsewhere: Container[str] | None
) -> str:
    def replace(reference: re.Match[str]) -> str:
        if reference[0] == "$${":
            return "${"
        if reference["broken"]:
            raise ExpansionError(
                "invalid reference after ${. Write ${NAME}, ${NAME:-default} or ${file:NAME}; a name has letters, "
                "digits and _, and no digit in front. For the text ${ itself, write $${",
                path,
            )
        name, default = reference["name"], reference["default"]
        found = environment.get(name, "")
        if not found:
            if default is None or (elsewhere is not None and name in elsewhere):
                raise UnsetVariableError(f"the environment variable {name} is not set", path)
            return default.removeprefix(":-")
        return _content(name, found, path) if reference["file"] else found

    try:
        return REFERENCE.sub(replace, text)
    except (UnsetVariableError, UnreadableFileError):
        if elsewhere is None:
            raise
        return UNKNOWN


def _content(name: str, file: str, path: tuple[str | int, ...]) -> str:
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        # The message does not show the variable's value: a user may have set it to the secret instead of a path.
        reason = error.strerror if isinstance(error, OSError) else error
        raise UnreadableFileError(
            f"the file named by the environment variable {name} cannot be read ({reason})", path
        ) from error
