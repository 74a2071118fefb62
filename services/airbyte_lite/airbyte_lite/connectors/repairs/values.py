"""The exception for a value of an Avro or Parquet file that cannot be read correctly, and the reasons of both."""

import json
from typing import Any

import orjson

AS_TEXT = "Correct the value, or write the file with this column as text."


class ValueFault(ValueError):
    """A value that cannot be read correctly: which one, why, and what to do."""


def json_error(found: Any) -> TypeError | None:
    """Return the error with which the connector cannot write a list or an object as JSON."""
    try:
        orjson.dumps(found)
    except TypeError:
        try:
            json.dumps(found)  # as the connector does
        except TypeError as error:
            return error
    return None


def not_utf8(error: UnicodeDecodeError) -> str:
    """Return the reason for bytes that are no text."""
    byte = error.object[error.start]
    return f"the byte 0x{byte:02x} is not UTF-8, and the connector reads bytes as text. {AS_TEXT}"
