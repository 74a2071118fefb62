"""The entry of `connections` for a source of any connector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from source_texts.tables import Key
from source_texts.yaml_text import flow, lines


@dataclass(frozen=True)
class Stream:
    """A stream of the connection."""

    name: str
    sync_mode: str
    dbt_source: str
    key: Key = ()
    cursor: str = ""


def connection_block(
    name: str,
    connector: str,
    configuration: Mapping[str, Any],
    destination: str,
    streams: Sequence[Stream],
    *,
    prefix: str = "",
) -> str:
    """Return the block, with its source inside. `prefix` is put in front of the tables' names."""
    text = [f"- name: {flow(name)}", "  source:", f"    connector: {flow(connector)}"]
    if configuration:
        text += ["    configuration:", *(f"      {line}" for line in lines(dict(configuration)))]
    else:
        text.append("    configuration: {}")
    text.append(f"  destination: {flow(destination)}")
    if prefix:
        text.append(f"  prefix: {flow(prefix)}")
    text.append("  streams:")
    for stream in streams:
        text += [f"    - name: {flow(stream.name)}", f"      sync_mode: {stream.sync_mode}"]
        if stream.key:
            text.append(f"      primary_key: {flow([[part] for part in stream.key])}")
        if stream.cursor:
            text.append(f"      cursor_field: {flow([stream.cursor])}")
        text.append(f"      dbt_source: {flow(stream.dbt_source)}")
    return "\n".join(text) + "\n"
