"""Checks the settings of file formats that a JSON schema cannot express.

The connectors that airbyte-cdk builds for files (S3 and others) check these settings only when they run, and then some
of their messages do not name the field. The paths of the faults begin below the configuration.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from platform_kit.encodings import is_encoding

TYPES = ("array", "boolean", "float", "integer", "null", "number", "object", "string")
"""airbyte-cdk's types of columns, in any case of letters."""
EXAMPLE = '\'{"id": "integer", "zip": "string"}\''
HEADERS = "header_definition"
S3 = "source-s3"
"""Its environment does not have the packages that read documents (PDF, Word, PowerPoint)."""
S3_ADDRESS = re.compile(r"s3://[^/]*/")


def reads_files(specification: dict[str, Any]) -> bool:
    """Return whether a specification is that of a connector for files: its streams have globs and a format."""
    streams = specification.get("properties", {}).get("streams", {})
    return {"globs", "format"} <= set(streams.get("items", {}).get("properties", {}))


def format_faults(configuration: dict[str, Any], connector: str) -> dict[str, str]:
    """Return the faults in the streams of a connector for files, by path. Values of a wrong type are left out."""
    streams = configuration.get("streams")
    return dict(_faults(streams, connector)) if isinstance(streams, list) else {}


def _faults(streams: list[Any], connector: str) -> Iterator[tuple[str, str]]:
    names = Counter(str(stream["name"]) for stream in streams if isinstance(stream, dict) and "name" in stream)
    for number, stream in enumerate(streams):
        if not isinstance(stream, dict):
            continue
        path = f"streams.{number}"
        if names[str(stream.get("name"))] > 1:
            yield f"{path}.name", "is the name of several streams; each stream needs its own name"
        if "input_schema" in stream and (fault := _input_schema_fault(stream["input_schema"])):
            yield f"{path}.input_schema", fault
        globs = stream.get("globs")
        for glob in globs if isinstance(globs, list) else []:
            if isinstance(glob, str) and (address := S3_ADDRESS.match(glob)):
                yield f"{path}.globs", f"are compared with keys, which have no bucket: write {glob[address.end() :]!r}"
        format_ = stream.get("format")
        if isinstance(format_, dict) and format_.get("filetype") == "excel":
            yield f"{path}.format.filetype", "excel is not supported here: save the sheets as CSV files (UTF-8)"
        if isinstance(format_, dict) and format_.get("filetype") == "unstructured" and connector == S3:
            yield f"{path}.format.filetype", "unstructured is not supported here: write the texts as CSV or JSON lines"
        if isinstance(format_, dict) and format_.get("filetype") == "csv":
            for field, fault in _csv_faults(format_):
                yield f"{path}.format.{field}", fault


def _input_schema_fault(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        return f"must be a JSON text (type string), for example {EXAMPLE}"
    try:
        columns = json.loads(value)
    except json.JSONDecodeError as error:
        return f"is not valid JSON: {error.msg}, character {error.pos + 1}. An example: {EXAMPLE}"
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, or very many brackets
        return f"cannot be read: {error}. An example: {EXAMPLE}"
    if not isinstance(columns, dict) or not columns:
        return f"must be a JSON object with a type for each column, for example {EXAMPLE}"
    for name, type_ in columns.items():
        if not name.strip():
            return "has a column without a name"
        if not isinstance(type_, str) or type_.strip().casefold() not in TYPES:
            shown = repr(type_) if isinstance(type_, str) else "that is not a text"
            return f"has the unknown type {shown} for the column {name!r}; allowed: {', '.join(TYPES)}"
    return None


def _csv_faults(format_: dict[str, Any]) -> Iterator[tuple[str, str]]:
    characters = {}
    for field in ("delimiter", "quote_char", "escape_char"):
        value = format_.get(field)
        if not isinstance(value, str):
            continue
        character = "\t" if field == "delimiter" and value == r"\t" else value
        if len(character) != 1 or character in "\r\n":
            yield field, _character_fault(field)
        else:
            characters[field] = character
    characters = {"delimiter": ",", "quote_char": '"'} | characters
    for field, character in characters.items():
        if other := next((name for name, used in characters.items() if used == character and name != field), None):
            yield field, f"must differ from {other}"
    encoding = format_.get("encoding")
    if isinstance(encoding, str) and not is_encoding(encoding):
        yield (
            "encoding",
            "is not a known encoding; allowed: the text encodings of Python, for example utf-8, utf-8-sig (with a byte "
            "order mark), utf-16, windows-1252, iso-8859-1",
        )
    header = format_.get(HEADERS)
    columns = header.get("column_names") if isinstance(header, dict) else None
    if isinstance(columns, list):
        if not columns:
            yield f"{HEADERS}.column_names", "must name at least one column"
        if repeated := [name for name, count in Counter(map(str, columns)).items() if count > 1]:
            yield f"{HEADERS}.column_names", f"names a column twice: {', '.join(repeated)}"
        if padded := [name for name in columns if isinstance(name, str) and name != name.strip()]:
            text = f"has blanks around {', '.join(map(repr, padded))}: the connector would load NULL into these columns"
            yield f"{HEADERS}.column_names", text
    for field in ("skip_rows_before_header", "skip_rows_after_header"):
        if isinstance(count := format_.get(field), int) and count < 0:
            yield field, "must be 0 or more"
    trues, falses = format_.get("true_values"), format_.get("false_values")
    if isinstance(trues, list) and isinstance(falses, list) and (both := [text for text in trues if text in falses]):
        yield "false_values", f"has {', '.join(map(repr, both))}, which true_values has too"


def _character_fault(field: str) -> str:
    match field:
        case "delimiter":
            return r"must be one character, for example , or ; or | or \t (tab)"
        case "quote_char":
            return (
                "must be one character. To read quotes as text, set a character that does not occur in the files, for "
                r'example "\u0001"'
            )
        case _:
            return "must be one character; leave it out if the files have none"
