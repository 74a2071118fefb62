"""References to the environment inside strings: `${NAME}`, `${NAME:-default}` and `${file:NAME}`; `$${` means `${`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REFERENCE = re.compile(
    r"\$\$\{|\$\{(?P<file>file:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^{}]*)?\}|(?P<broken>\$\{)"
)


class ExpansionError(ValueError):
    """A reference that cannot be resolved; `path` is its path inside the expanded value."""

    def __init__(self, message: str, path: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.path = path


class UnsetVariableError(ExpansionError):
    """A reference to a variable that is not set."""


def expand(value: Any, environment: Mapping[str, str], path: tuple[str | int, ...] = ()) -> Any:
    """Return a copy of a JSON-like value with every reference replaced.

    As in a shell, an empty variable counts as unset for `:-`. A field of a mapping is left out if its text is empty
    after the replacement, so that a setting can be optional. Raises ExpansionError if a variable is not set, a file
    cannot be read, or a `${` is not a valid reference: the text itself could otherwise be sent as a secret.
    """
    if isinstance(value, str):
        return _expand_text(value, environment, path)
    if isinstance(value, list):
        return [expand(item, environment, (*path, index)) for index, item in enumerate(value)]
    if isinstance(value, dict):
        expanded = {key: expand(item, environment, (*path, key)) for key, item in value.items()}
        return {key: item for key, item in expanded.items() if not (item == "" and value[key] != "")}
    return value


def _expand_text(text: str, environment: Mapping[str, str], path: tuple[str | int, ...]) -> str:
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
            if default is None:
                raise UnsetVariableError(f"the environment variable {name} is not set", path)
            return default.removeprefix(":-")
        return _content(name, found, path) if reference["file"] else found

    return REFERENCE.sub(replace, text)


def _content(name: str, file: str, path: tuple[str | int, ...]) -> str:
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        # The message does not show the variable's value: a user may have set it to the secret instead of a path.
        reason = error.strerror if isinstance(error, OSError) else error
        raise ExpansionError(
            f"the file named by the environment variable {name} cannot be read ({reason})", path
        ) from error
