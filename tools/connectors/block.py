"""The block for connections.yaml, made from a connector's specification, which is a JSON schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

PLAIN = re.compile(r"[A-Za-z][\w./-]*")
NO_TEXTS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
"""Words that YAML does not read as texts."""
MOST_STREAMS = 20
DEEPEST = 6
"""Levels of a configuration. Deeper objects are left to the user."""
SYSTEM_FIELDS = {"sourceType"}
ABSENT = object()


@dataclass
class Block:
    """A connection, as text."""

    lines: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    """The variables that the block refers to, each with the title of its field."""
    open: list[str] = field(default_factory=list)
    """The fields that the user has to fill in."""

    @property
    def text(self) -> str:
        """The block."""
        return "\n".join(self.lines) + "\n"


def connection_name(connector: str) -> str:
    """Return the name of the connection: `google_sheets` of `source-google-sheets`."""
    return connector.removeprefix("source-").replace("-", "_")


def make(connector: str, schema: dict[str, Any], streams: Sequence[str]) -> Block:
    """Return the block of a connector. Without streams it has a placeholder."""
    block = Block()
    name = connection_name(connector)
    fields = list(_object(schema, 8, name, block, 0))
    block.lines += [f"  - name: {name}", "    source:", f"      connector: {connector}"]
    block.lines += (
        ["      configuration:", *fields] if any(map(_says, fields)) else ["      configuration: {}", *fields]
    )
    block.lines += ["    destination: warehouse", "    streams:"]
    for stream in list(streams)[:MOST_STREAMS] or ["STREAM"]:
        table = re.sub(r"\W", "_", stream, flags=re.ASCII)
        block.lines.append(
            f"      - {{name: {scalar(stream)}, sync_mode: full_refresh_overwrite, dbt_source: {name}.{table}}}"
        )
    if not streams:
        block.open.append("STREAM: the name of a stream. The connector knows its streams when the configuration works")
    if len(streams) > MOST_STREAMS:
        block.lines.append(f"      # and {len(streams) - MOST_STREAMS} more: {', '.join(streams[MOST_STREAMS:])}")
    return block


def defaults(schema: dict[str, Any]) -> dict[str, Any] | None:
    """Return the configuration that Airbyte's form has at first; None if a required field is empty in it.

    Connectors rely on the form: source-faker fails without `count`, which is not required and has a default.
    """
    configuration: dict[str, Any] = {}
    for key, found in schema.get("properties", {}).items():
        if key in SYSTEM_FIELDS or found.get("airbyte_secret"):
            continue
        if (preset := _preset(found)) is not ABSENT:
            configuration[key] = preset
    missing = set(schema.get("required", [])) - SYSTEM_FIELDS - set(configuration)
    return None if missing else configuration


def made_up(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with invented values, for a connector that reads nothing to tell its streams."""
    values: dict[str, Any] = {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}
    configuration: dict[str, Any] = {}
    for key in schema.get("required", []):
        found = schema.get("properties", {}).get(key, {})
        option = next(iter(_options(found)), {})
        preset = _preset(found)
        example = _example(found) if preset is ABSENT else preset
        if example is not None:
            configuration[key] = example
        elif found.get("properties") or option:
            configuration[key] = made_up(found if found.get("properties") else option)
        else:
            date = str(found.get("format", "")).startswith("date")
            configuration[key] = values.get(str(found.get("type")), "2024-01-01T00:00:00Z" if date else "x")
    return configuration


def scalar(value: object) -> str:
    """Return a value in YAML, on one line. `${` begins a variable in connections.yaml."""
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in NO_TEXTS:
        return value
    return json.dumps(value, ensure_ascii=False).replace("${", "$${")


def _says(line: str) -> bool:
    return not line.lstrip().startswith("#")


def _object(schema: dict[str, Any], indent: int, path: str, block: Block, level: int) -> Iterator[str]:
    """Yield the required fields of an object and those with a default, and the others as comments."""
    properties = {key: found for key, found in schema.get("properties", {}).items() if isinstance(found, dict)}
    required = [key for key in schema.get("required", []) if key not in SYSTEM_FIELDS]
    ordered = sorted(properties, key=lambda key: (properties[key].get("order", 1000), list(properties).index(key)))
    margin = " " * indent
    for key in ordered:
        found = properties[key]
        if key in SYSTEM_FIELDS:
            continue
        if key in required or "const" in found or _has_default(found):
            yield from _field(key, found, indent, f"{path}_{key}", block, level)
        elif not found.get("airbyte_hidden"):
            example = _example(found)
            shown = "" if example is None or isinstance(example, dict) else f" {scalar(example)}"
            yield f"{margin}# {key}:{shown}"


def _has_default(schema: dict[str, Any]) -> bool:
    return schema.get("default") is not None and not schema.get("airbyte_secret") and not schema.get("airbyte_hidden")


def _field(key: str, schema: dict[str, Any], indent: int, path: str, block: Block, level: int) -> Iterator[str]:
    margin = " " * indent
    note = ""
    options = _options(schema)
    if options and _preset(schema) is ABSENT:
        titles = [str(option.get("title", "")) for option in options if option.get("title")]
        note = f" # one of: {', '.join(titles)}" if len(titles) > 1 else ""
        schema = {**schema, **options[0]}
    if schema.get("airbyte_secret"):
        variable = re.sub(r"\W", "_", path, flags=re.ASCII).upper()
        block.secrets[variable] = str(schema.get("title") or key)
        yield f"{margin}{key}: ${{{variable}}}"
    elif schema.get("properties") and level < DEEPEST:
        yield f"{margin}{key}:{note}"
        yield from _object(schema, indent + 2, path, block, level + 1)
    elif isinstance(schema.get("items"), dict) and schema["items"].get("properties") and level < DEEPEST:
        yield f"{margin}{key}:"
        inner = list(_object(schema["items"], indent + 4, path, block, level + 1))
        if any(map(_says, inner)):
            yield f"{margin}  - {inner[0].lstrip()}"
            yield from inner[1:]
        else:
            yield f"{margin}  - {{}}"
    else:
        yield f"{margin}{key}: {_value(key, schema, block)}{note}"


def _value(key: str, schema: dict[str, Any], block: Block) -> str:
    if (preset := _preset(schema)) is not ABSENT:
        return scalar(preset)
    example = _example(schema)
    title = " ".join(str(schema.get("title") or key).split())
    block.open.append(f"{key}: {title}")
    kind = schema.get("type")
    if example is None:
        kinds = kind if isinstance(kind, list) else [kind]
        empty = {"array": [], "object": {}, "integer": 0, "number": 0, "boolean": False}
        example = next((empty[one] for one in kinds if one in empty), f"fill in: {title}")
    return f"{scalar(example)} # fill in"


def _preset(schema: dict[str, Any]) -> Any:
    """Return the constant or the default of a field, ABSENT if it has none.

    Some objects have the title of a choice as their default, which is not a value.
    """
    preset = schema.get("const", schema.get("default", ABSENT))
    an_object = schema.get("type") == "object" or any("properties" in one for one in _options(schema))
    return ABSENT if an_object and not isinstance(preset, dict) else preset


def _options(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the choices of a field: first the one that its default names by its title."""
    options = [option for option in schema.get("oneOf", schema.get("anyOf", [])) if isinstance(option, dict)]
    default = schema.get("default")
    return sorted(options, key=lambda one: not (isinstance(default, str) and default in str(one.get("title", ""))))


def _example(schema: dict[str, Any]) -> Any:
    """Return the first example or the first choice; None if there is none. That of a list is often one of its items."""
    examples, options = schema.get("examples"), schema.get("enum")
    found = None
    if isinstance(examples, list) and examples:
        found = examples[0]
    elif isinstance(examples, str) and examples:
        found = examples
    elif isinstance(options, list) and options:
        found = options[0]
    return [found] if found is not None and schema.get("type") == "array" and not isinstance(found, list) else found
