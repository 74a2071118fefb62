"""The kinds of values in requests: ids, names, numbers and times."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, FailFast, Field

MOST_CHARACTERS = 256
"""Of a name, as in Airbyte's database."""

UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _printable(value: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise ValueError("control characters such as line breaks are not allowed")
    return value


def _plain_number(value: object) -> object:
    """Refuse true, and texts such as "1_0" and " 1": Python reads them as numbers."""
    if isinstance(value, bool) or (isinstance(value, str) and not re.fullmatch("-?[0-9]{1,20}", value)):
        raise ValueError("not a whole number")
    return value


def canonical(identifier: str) -> str:
    """Return an id in lower case, as ids are stored. Airbyte's server, too, reads a UUID in upper case."""
    return identifier.lower() if UUID.fullmatch(identifier) else identifier


def _written_time(value: object) -> object:
    """Refuse numbers: nobody could tell seconds from milliseconds."""
    if not isinstance(value, str) or re.fullmatch(r"[-+\d.eE]*", value.strip()):
        raise ValueError("not a time in ISO 8601, such as 2026-11-05T12:00:00Z")
    return value


T = TypeVar("T")
Many = Annotated[list[T], FailFast()]  # `type Many[T]` would be a schema with a long name in /docs
"""A list of which only the first fault is named: it can have thousands of faulty items."""
Id = Annotated[str, AfterValidator(canonical)]
Name = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS), AfterValidator(_printable)]
Prefix = Annotated[str, Field(min_length=0, max_length=MOST_CHARACTERS), AfterValidator(_printable)]
StreamName = Annotated[str, Field(min_length=1, max_length=1024)]  # BigQuery's limit for the name of a table
Namespace = Annotated[str, Field(min_length=0, max_length=1024)]
Number = Annotated[int, BeforeValidator(_plain_number)]
Moment = Annotated[datetime.datetime, BeforeValidator(_written_time)]
