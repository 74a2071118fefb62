"""What a user enters into a form, and the configuration that this makes.

The entered values have the shape of the fields, and a user interface changes them in place:

  text, number, integer, choice, JSON   the value or its text; None if nothing is entered
  boolean                               True, False or None
  group                                 a dict
  one of                                Choice
  list                                  a list
  map                                   a list of lists [name, value]
  secret                                Secret
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.forms.fields import MISSING, Field, Kind, Path
from console.forms.secrets import Secret, SecretText
from console.forms.structured import structured


@dataclass
class Choice:
    """The chosen branch, and the values of every branch, so that a change of the choice loses nothing."""

    index: int | None
    values: list[Any]


def entered(field: Field, given: Any = MISSING) -> Any:
    """Return the values that a form shows for a configuration; by default those of a new form."""
    if given is MISSING:
        given = _proposed(field)
    match field.kind:
        case Kind.CONSTANT:
            return None
        case Kind.GROUP:
            known = given if isinstance(given, dict) else {}
            return {one.key: entered(one, known.get(one.key, MISSING)) for one in field.fields}
        case Kind.ONE_OF:
            index = _chosen(field, given)
            values = [entered(one, given if at == index else MISSING) for at, one in enumerate(field.branches)]
            return Choice(index, values)
        case Kind.LIST if field.item:
            if isinstance(given, list):
                return [entered(field.item, one) for one in given]
            return [entered(field.item)] if field.required else []
        case Kind.MAP if field.item:
            pairs = given.items() if isinstance(given, dict) else []
            return [[key, entered(field.item, value)] for key, value in pairs]
        case Kind.JSON if given is not MISSING:
            return json.dumps(given, ensure_ascii=False)
        case _ if field.secret:
            return Secret("" if given is MISSING else str(given))
    # A list where the field has one value is a fault of the specification, in its default.
    return None if given is MISSING or isinstance(given, list | dict) else given


def configuration(field: Field, values: Any, secret_text: SecretText, path: Path = ()) -> Any:
    """Return the configuration, MISSING if nothing is entered. `secret_text` gives the text for each secret.

    A value that is not valid stays as it was entered.
    """
    match field.kind:
        case Kind.CONSTANT:
            return field.constant
        case Kind.GROUP:
            made = {one.key: configuration(one, values[one.key], secret_text, (*path, one.key)) for one in field.fields}
            return {key: value for key, value in made.items() if value is not MISSING}
        case Kind.ONE_OF:
            if values.index is None:
                return MISSING
            return configuration(field.branches[values.index], values.values[values.index], secret_text, path)
        case Kind.LIST if field.item:
            item = field.item
            items = [
                one if is_empty_text(item, one) else configuration(item, one, secret_text, (*path, at))
                for at, one in enumerate(values)
            ]
            items = [one for one in items if one is not MISSING]
            # An empty list means something where the connector would otherwise take a default.
            return items if items or field.default not in (MISSING, []) else MISSING
        case Kind.MAP if field.item:
            pairs = ((key, configuration(field.item, value, secret_text, (*path, key))) for key, value in values if key)
            return {key: value for key, value in pairs if value is not MISSING} or MISSING
        case _ if field.secret:
            return secret_text(field, values, path)
    return _scalar(field, values)


def is_empty_text(item: Field, value: Any) -> bool:
    """Return whether an item of a list is an empty text: there it is a value, as in null_values: [""]."""
    return item.kind is Kind.TEXT and not item.secret and value == ""


def _scalar(field: Field, value: Any) -> Any:
    if value is None or value == "":
        return MISSING
    readers: dict[Kind, Callable[[str], Any]] = {Kind.INTEGER: int, Kind.NUMBER: _number, Kind.JSON: structured}
    if isinstance(value, str) and field.kind in readers:
        try:
            return readers[field.kind](value)
        except ValueError:
            return value
    if field.kind is Kind.INTEGER and isinstance(value, float) and value.is_integer():
        return int(value)  # a number field of a browser gives 5432.0
    return value


def _number(text: str) -> float | int:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _proposed(field: Field) -> Any:
    """Return the value of a new form: the default; of a hidden field only if the configuration needs it."""
    if field.hidden and not field.required:
        return MISSING
    return field.default


def _chosen(field: Field, given: Any) -> int | None:
    """Return the branch of a value, or of a default that names the constant or the title of a branch."""
    if given is not MISSING and given not in (None, ""):
        for test in (_has_constants, _names, _fits):
            for index, branch in enumerate(field.branches):
                if test(branch, given):
                    return index
    return 0 if field.required else None


def _constants(branch: Field) -> dict[str, Any]:
    return {one.key: one.constant for one in branch.fields if one.kind is Kind.CONSTANT}


def _has_constants(branch: Field, given: Any) -> bool:
    constants = _constants(branch)
    return (
        isinstance(given, dict) and bool(constants) and all(given.get(key) == value for key, value in constants.items())
    )


def _names(branch: Field, given: Any) -> bool:
    return isinstance(given, str) and given in (*_constants(branch).values(), branch.title)


def _fits(branch: Field, given: Any) -> bool:
    if isinstance(given, dict):
        return branch.kind is Kind.MAP or (
            branch.kind is Kind.GROUP and not _constants(branch) and given.keys() <= {one.key for one in branch.fields}
        )
    if isinstance(given, list):
        return branch.kind is Kind.LIST
    kinds: dict[type, set[Kind]] = {
        bool: {Kind.BOOLEAN},
        int: {Kind.INTEGER, Kind.NUMBER},
        float: {Kind.NUMBER},
        str: {Kind.TEXT},
    }
    return branch.constant == given or given in branch.choices or branch.kind in kinds.get(type(given), set())
