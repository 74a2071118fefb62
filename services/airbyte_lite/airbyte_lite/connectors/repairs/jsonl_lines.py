"""Reads the objects of a JSONL file. airbyte-cdk's own reader silently drops everything after an invalid line."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from airbyte_cdk.sources.file_based.file_types import jsonl_parser

from .faults import FileFault, undecodable

INCOMPLETE = "unexpected end of data"
"""orjson's message for the beginning of a valid text. After any other error, no further line makes the text valid."""
FORMAT = "JSONL files have one JSON object per line. For another format, such as CSV, set format.filetype."
KINDS = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
    list: "an array",
}


def checked_lines() -> None:
    """Refuse a line that is neither a JSON object nor a part of one, with its number.

    airbyte-cdk 7.39.1 joins an invalid line with all lines that follow, because an object may have several lines
    (airbytehq/airbyte#29331). If it has read one object before, it then ends without an error.
    """
    jsonl_parser.JsonlParser._parse_jsonl_entries = _entries


def _entries(
    self: Any, file: Any, stream_reader: Any, logger: logging.Logger, read_limit: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield each object. With `read_limit`, stop after the size that is enough to infer the types. Raises FileFault."""
    size = 0
    with stream_reader.open_file(file, self.file_read_mode, self.ENCODING, logger) as lines:
        for found, length in objects(lines, file.uri):
            size += length
            yield found
            if read_limit and size >= self.MAX_BYTES_PER_FILE_FOR_SCHEMA_INFERENCE:
                return


def objects(lines: Iterable[str], file: str, before: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each object and the number of characters since the one before it. Raises FileFault.

    The first `before` lines of the file precede the lines.
    """
    number, size = before, 0
    found = Objects(file)
    try:
        for number, line in enumerate(lines, before + 1):
            size += len(line)
            if (entry := found.add(line, number)) is not None:
                yield entry, size
                size = 0
    except UnicodeDecodeError as error:
        raise undecodable(file, number, error, "JSONL files must be UTF-8: convert the file.") from error
    found.end()


class Objects:
    """Joins the lines of a file to objects. An object may have several lines."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._text = ""
        self._start = 0

    def add(self, line: str, number: int) -> dict[str, Any] | None:
        """Return the object that ends with this line, or None. Raises FileFault."""
        if not self._text:
            if not line.strip():
                return None
            self._start = number
        self._text += line
        try:
            found = orjson.loads(self._text)
        except orjson.JSONDecodeError as error:
            if error.msg != INCOMPLETE or self._text.lstrip().startswith("["):
                raise self._fault(error) from error
            return None
        self._text = ""
        if not isinstance(found, dict):
            raise FileFault(self._file, f"line {number}", f"{KINDS[type(found)]} instead of a JSON object. {FORMAT}")
        return found

    def end(self) -> None:
        """Raise FileFault if the last object is not complete."""
        if self._text:
            raise FileFault(self._file, f"line {self._start}", f"the JSON object that begins here has no end. {FORMAT}")

    def _fault(self, error: orjson.JSONDecodeError) -> FileFault:
        text = self._text.lstrip()
        if text.startswith("["):
            return FileFault(self._file, f"line {self._start}", f"an array instead of a JSON object. {FORMAT}")
        remedy = "Save the file as UTF-8 without this mark." if text.startswith("\ufeff") else FORMAT
        place = f"line {self._start + error.lineno - 1}, column {error.colno}"
        return FileFault(self._file, place, f"not valid JSON: {error.msg}. {remedy}")
