"""Patterns of specifications."""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema


def matches(pattern: str, value: str) -> bool:
    """Return whether a text matches. A pattern of another dialect, which cannot be read, matches everything."""
    quick = _linear(pattern)
    if quick is None:
        try:
            return re.search(pattern, value) is not None
        except re.error:
            return True
    try:
        quick.validate_python(value)
    except ValidationError:
        return False
    return True


def is_linear(pattern: str) -> bool:
    """Return whether the time to compare a pattern grows only linearly with the text.

    Python's own patterns can take hours for a short text, and nothing else in the process runs meanwhile. Patterns
    that look ahead or back need Python's own.
    """
    return _linear(pattern) is not None


@lru_cache(maxsize=1000)
def _linear(pattern: str) -> SchemaValidator | None:
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError:
        return None
