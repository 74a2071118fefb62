"""Secrets in a form: the configuration in the file refers to a variable, the check gets the value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connections_file.expansion import REFERENCE, ExpansionError, UnsetVariableError, expand
from connections_file.expansion import references as names_in
from console.forms.fields import MISSING, Field, Path
from platform_kit.names import identifier
from platform_kit.settings_table import TABLE

type SecretText = Callable[[Field, Secret, Path], Any]
"""Returns what the configuration has for a secret: a text, or MISSING."""


@dataclass
class Secret:
    """A secret that a user enters."""

    reference: str = ""
    """The reference in connections.yaml, `${NAME}`; empty for a name made of the source's and the field's name."""
    value: str = field(default="", repr=False)
    """The value, used for the check only. It is not written anywhere."""


class MissingSecretError(ValueError):
    """A secret without a value: neither entered, nor in the environment."""


def variable(source: str, path: Path) -> str:
    """Return the environment variable for a secret of a source, for example ORDERS_CREDENTIALS_TOKEN."""
    named = "_".join([source, *(str(part) for part in path)])
    return re.sub(r"_+", "_", identifier(named)).strip("_").upper() or "SECRET"


def references(source: str) -> SecretText:
    """Return the function that writes secrets for connections.yaml."""

    def written(one: Field, secret: Secret, path: Path) -> Any:
        if not (secret.reference or secret.value or one.required):
            return MISSING
        return secret.reference or f"${{{variable(source, path)}}}"

    return written


def values(source: str, environment: Mapping[str, str]) -> SecretText:
    """Return the function that gives the values of secrets for a check. It raises MissingSecretError.

    A reference may name a variable of connections.env. The platform's own settings and files are refused: a form
    could otherwise send the platform's credentials to any host. In the returned text, `${` is written `$${`.
    """
    written = references(source)

    def given(one: Field, secret: Secret, path: Path) -> Any:
        if secret.value:
            return secret.value.replace("${", "$${")
        reference = written(one, secret, path)
        if reference is MISSING:
            return MISSING
        found = REFERENCE.search(str(reference))
        if found and (found["file"] or found["name"] in TABLE):
            raise MissingSecretError(
                f"{one.title}: enter the value for the check, because the console does not send "
                f"{'files' if found['file'] else 'settings of the platform'} ({found[0]}). The value is not kept."
            )
        try:
            value: str = expand(reference, environment)
        except UnsetVariableError as error:
            raise MissingSecretError(
                f"{one.title}: enter the value for the check, because {error} in the console. The value is not kept."
            ) from error
        except ExpansionError as error:
            raise MissingSecretError(f"{one.title}: {error}.") from error
        return value.replace("${", "$${") or MISSING

    return given


def resolved(configuration: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration for a check, made with `values`: its references get their defaults.

    Raises MissingSecretError for a reference without a default, and for one whose variable is set: its value is not
    sent, because the field is not a secret, and a check with the default would be a check of something else.
    """
    advice = "for the check, references are replaced in secret fields only. Enter the value itself"
    if used := sorted(name for name in names_in(configuration) if environment.get(name)):
        raise MissingSecretError(f"${{{used[0]}}}: {advice}.")
    try:
        found: dict[str, Any] = expand(configuration, {})
    except UnsetVariableError as error:
        raise MissingSecretError(f"{'.'.join(map(str, error.path))}: {advice}.") from error
    except ExpansionError as error:
        raise MissingSecretError(f"{'.'.join(map(str, error.path))}: {error}.") from error
    return found


def is_reference(text: str) -> bool:
    """Return whether the whole text is one reference, so that no part of a secret stands in the file."""
    match = REFERENCE.fullmatch(text)
    return bool(match and match["name"] and not (match["default"] or "").removeprefix(":-"))


def variables(configuration: Any) -> list[str]:
    """Return the names of the variables without default in a configuration, each once."""
    found: dict[str, None] = {}

    def look(value: Any) -> None:
        if isinstance(value, str):
            found.update(
                (match["name"], None) for match in REFERENCE.finditer(value) if match["name"] and not match["default"]
            )
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            look(one)

    look(configuration)
    return list(found)
