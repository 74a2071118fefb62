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
    """A reference that cannot be resolved; `path` leads to it inside the value that was expanded."""

    def __init__(self, message: str, path: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.path = path


class UnsetVariableError(ExpansionError):
    """A reference to a variable that is not set."""


def expand(value: Any, environment: Mapping[str, str], path: tuple[str | int, ...] = ()) -> Any:
    """Return a copy of a JSON-like value with every reference replaced.

    As in a shell, an empty variable counts as unset for `:-`. A mapping's field whose text comes out empty is left
    out, which is how optional settings stay optional. Raises ExpansionError for a variable that is not set, a file that
    cannot be read, and a `${` that begins no reference: sent as it is, the text would pass for a secret.
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
                "a ${ begins no reference here. Write ${NAME}, ${NAME:-default} or ${file:NAME}, a name being letters, "
                "digits and _ without a digit in front; or $${ where the text ${ itself is meant",
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
        # Not its name: who takes the variable for the content's own has put a secret there.
        reason = error.strerror if isinstance(error, OSError) else error
        raise ExpansionError(f"the file whose path {name} holds cannot be read ({reason})", path) from error
