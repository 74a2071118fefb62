"""Finds mistakes in what a user has entered into a form. No message repeats a value: it may be a secret."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from connections_file.expansion import REFERENCE
from console.forms.fields import MISSING, Field, Kind, Path
from console.forms.patterns import matches
from console.forms.secrets import Secret, is_reference
from console.forms.structured import is_structured
from console.forms.values import configuration, is_empty_text

type Mistake = tuple[Path, str]

FORMATS = {"date": (date.fromisoformat, "2024-01-31"), "date-time": (datetime.fromisoformat, "2024-01-31T00:00:00Z")}


def mistakes(field: Field, values: Any, path: Path = ()) -> dict[Path, str]:
    """Return the first mistake of each field, by the field's path in the configuration."""
    found: dict[Path, str] = {}
    for place, text in _mistakes(field, values, path):
        found.setdefault(place, text)
    return found


def _mistakes(field: Field, values: Any, path: Path) -> Iterator[Mistake]:
    match field.kind:
        case Kind.CONSTANT:
            return
        case Kind.GROUP:
            for one in field.fields:
                yield from _mistakes(one, values[one.key], (*path, one.key))
        case Kind.ONE_OF:
            if values.index is not None:
                yield from _mistakes(field.branches[values.index], values.values[values.index], path)
            elif field.required:
                yield path, "Choose one."
        case Kind.LIST:
            yield from _list_mistakes(field, values, path)
        case Kind.MAP:
            yield from _map_mistakes(field, values, path)
        case _ if field.secret:
            yield from _secret_mistakes(field, values, path)
        case Kind.JSON if isinstance(values, str) and values and not is_structured(values):
            yield path, "This is not valid JSON or YAML."
        case _:
            yield from _value_mistakes(field, _value(field, values), path)


def _value(field: Field, values: Any) -> Any:
    return configuration(field, values, lambda *_: MISSING)


def _list_mistakes(field: Field, values: list[Any], path: Path) -> Iterator[Mistake]:
    assert field.item is not None  # noqa: S101 -- for the type checker: every list has an item
    for at, one in enumerate(values):
        if is_empty_text(field.item, one):
            yield from _text_mistakes(field.item, one, (*path, at))
        else:
            yield from _mistakes(field.item, one, (*path, at))
    made = configuration(field, values, lambda *_: "")
    items = [] if made is MISSING else made
    least = field.shortest or 0
    if field.required and not items and field.default in (MISSING, []):
        least = max(least, 1)
    if (items or field.required) and len(items) < least:
        yield path, f"Enter at least {least}."
    if field.longest is not None and len(items) > field.longest:
        yield path, f"Enter at most {field.longest}."
    if field.unique and max(Counter(json.dumps(one, sort_keys=True) for one in items).values(), default=0) > 1:
        yield path, "The same value is entered twice."


def _map_mistakes(field: Field, values: list[Any], path: Path) -> Iterator[Mistake]:
    assert field.item is not None  # noqa: S101 -- for the type checker: every map has an item
    names = Counter(key for key, _ in values)
    if field.required and not values:
        yield path, "Enter at least one name with its value."
    for at, (key, one) in enumerate(values):
        if not key:
            yield (*path, at), "Enter a name."
        elif names[key] > 1:
            yield (*path, at), f"The name {key!r} is entered twice."
        yield from _mistakes(field.item, one, (*path, at))


def _secret_mistakes(field: Field, secret: Secret, path: Path) -> Iterator[Mistake]:
    if secret.reference and not is_reference(secret.reference) and secret.reference != field.default:
        yield (
            path,
            "Write the name of a variable as ${NAME}: connections.yaml must not contain a secret. "
            "Enter the secret itself as the value for the check.",
        )
    if secret.value:
        yield from _value_mistakes(field, secret.value, path)


def _value_mistakes(field: Field, value: Any, path: Path) -> Iterator[Mistake]:
    if value is MISSING:
        if field.required:
            yield path, "This field is required."
    elif field.kind in (Kind.INTEGER, Kind.NUMBER):
        yield from _number_mistakes(field, value, path)
    elif field.kind is Kind.CHOICE and value not in field.choices:
        yield path, f"Choose one of: {', '.join(map(str, field.choices))}."
    elif field.kind is Kind.TEXT and isinstance(value, str):
        yield from _text_mistakes(field, value, path)


def _number_mistakes(field: Field, value: Any, path: Path) -> Iterator[Mistake]:
    wanted: type | tuple[type, ...] = int if field.kind is Kind.INTEGER else (int, float)
    if not isinstance(value, wanted) or isinstance(value, bool):
        yield path, "Enter a whole number." if field.kind is Kind.INTEGER else "Enter a number."
    elif (field.minimum is not None and value < field.minimum) or (field.maximum is not None and value > field.maximum):
        yield path, f"Enter a number {_range(field)}."


def _range(field: Field) -> str:
    if field.maximum is None:
        return f"of at least {field.minimum:g}"
    return f"of at most {field.maximum:g}" if field.minimum is None else f"from {field.minimum:g} to {field.maximum:g}"


def _text_mistakes(field: Field, value: str, path: Path) -> Iterator[Mistake]:
    references = list(REFERENCE.finditer(value))
    if any(one["broken"] for one in references) and not field.secret:
        yield path, "Invalid reference after ${. Write ${NAME} or ${NAME:-default}; for the text ${ itself, $${."
    if references and not field.secret:
        return  # the value is known when connections.yaml is applied
    if field.shortest is not None and len(value) < field.shortest:
        yield path, f"Enter at least {field.shortest} characters."
    if field.longest is not None and len(value) > field.longest:
        yield path, f"Enter at most {field.longest} characters."
    if field.pattern:
        if not matches(field.pattern, value):
            yield path, f"Write it as {_pattern_words(field)}."
    elif field.format in FORMATS and not _has_format(field.format, value) and _means_format(field):
        yield path, f"Write it as {next(iter(field.examples), FORMATS[field.format][1])}."


def _means_format(field: Field) -> bool:
    """Return whether the connector takes the format only: an example without it says that it takes other texts too."""
    return all(_has_format(field.format, example) for example in field.examples)


def _pattern_words(field: Field) -> str:
    """Return what a text must look like: the specification's own words, an example, or the pattern itself."""
    examples = (*field.examples, *(example for _, example in FORMATS.values()))
    fitting = (example for example in examples if matches(field.pattern, example))
    return field.pattern_hint or next(fitting, field.pattern)


def _has_format(name: str, value: str) -> bool:
    try:
        FORMATS[name][0](value)
    except ValueError:
        return False
    return True
