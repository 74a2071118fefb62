"""Compares a declared configuration with the one in Airbyte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from connections_file.expansion import UNKNOWN
from platform_kit.specification import MASK, Schemas, child, is_default, is_secret, redacted

ABSENT = None
"""The value of a missing field. Airbyte also treats null and a missing field alike."""

type SecretIsKnown = Callable[[str, Any], bool]
"""Returns whether apply sent this value last for the secret at a path."""


@dataclass(frozen=True)
class FieldChange:
    """One field that differs. The values of a secret are not stored."""

    path: str
    old: Any
    new: Any
    secret: bool = False
    suspected: bool = False
    """Whether this is a guess: the object was changed in Airbyte, but no visible field differs."""


def configuration_changes(
    wanted: Any, found: Any, schemas: Schemas, secret_is_known: SecretIsKnown, path: str = ""
) -> Iterator[FieldChange]:
    """Yield each field that differs between a declared and an actual configuration.

    A masked secret is compared with the remembered hash. A field that only Airbyte has is a difference, unless its
    value is a default of the connector: Airbyte and the connector fill in defaults. A declared value that is UNKNOWN is
    not compared.
    """
    if wanted == UNKNOWN:
        return
    if is_secret(schemas, found):
        same = secret_is_known(path, wanted) if found == MASK else wanted == found
        if not same:
            yield FieldChange(path, ABSENT, ABSENT, secret=True)
    elif isinstance(wanted, dict) and isinstance(found, dict | None):
        found = found or {}
        for key in wanted:
            yield from configuration_changes(
                wanted[key], found.get(key), child(schemas, key), secret_is_known, _join(path, key)
            )
        for key in sorted(set(found) - set(wanted)):
            if not is_default(schemas, key, found[key]):
                inner = child(schemas, key)
                secret = is_secret(inner, found[key])
                yield FieldChange(_join(path, key), ABSENT if secret else redacted(inner, found[key]), ABSENT, secret)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, item in enumerate(wanted):
            yield from configuration_changes(
                item, found[index], child(schemas, index), secret_is_known, f"{path}[{index}]"
            )
    elif wanted != found:
        # A field without a specification may be a secret, unless Airbyte shows its value.
        secret = not schemas and not (isinstance(found, str | int | float) and type(found) is type(wanted))
        old, new = (ABSENT, ABSENT) if secret else (redacted(schemas, found), redacted(schemas, wanted))
        yield FieldChange(path, old, new, secret)


def secrets(wanted: Any, shown: Any, schemas: Schemas, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of each secret in a declared configuration, given what Airbyte shows of it."""
    if is_secret(schemas, shown):
        yield path, wanted
    elif isinstance(wanted, dict):
        for key, item in wanted.items():
            yield from secrets(
                item, shown.get(key) if isinstance(shown, dict) else None, child(schemas, key), _join(path, key)
            )
    elif isinstance(wanted, list):
        for index, item in enumerate(wanted):
            there = shown[index] if isinstance(shown, list) and index < len(shown) else None
            yield from secrets(item, there, child(schemas, index), f"{path}[{index}]")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
