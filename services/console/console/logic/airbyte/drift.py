"""What a source offers now, against its connection in Airbyte: as the lines of connections.yaml to change."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field

import connections_file
from connections_file.columns import CONNECTORS, declared_columns, stream_options
from console.clients.airbyte import Airbyte
from console.logic.airbyte.connection import Column, Detail, Stream, streams_of
from console.logic.airbyte.declared import Declared
from source_texts.yaml_text import flow

DISCOVER_SECONDS = 180.0


@dataclass(frozen=True)
class Drift:
    """What differs."""

    changes: list[str] = field(default_factory=list)
    """A sentence for each difference."""
    diff: list[str] = field(default_factory=list)
    """Lines of a diff of connections.yaml, each with ` `, `-` or `+` in front."""
    commands: list[str] = field(default_factory=list)
    """What to run after the change of the file."""
    note: str = ""
    """What this comparison cannot see."""


async def discover(airbyte: Airbyte, source_id: str) -> list[Stream]:
    """Return what the source offers now. Raises ServiceError with the connector's reason."""
    body = {"sourceId": source_id, "disable_cache": True}
    answer = await airbyte.post("/sources/discover_schema", body, DISCOVER_SECONDS)
    return offered(airbyte, answer)


def offered(airbyte: Airbyte, answer: dict[str, object]) -> list[Stream]:
    """Return the streams of a discovery. Raises ServiceError with the connector's reason."""
    catalog = answer.get("catalog")
    if not isinstance(catalog, dict):
        info = answer.get("jobInfo")
        failure = info.get("failureReason") if isinstance(info, dict) else None
        text = (failure or {}).get("externalMessage") or "the connector failed"
        raise airbyte.service.error(f"the schema was not discovered: {text}")
    return streams_of(
        {"streams": [{"stream": one["stream"], "config": one.get("config") or {}} for one in catalog["streams"]]}
    )


def drift(found: Detail, now: list[Stream], declared: Declared) -> Drift:
    """Compare the streams and the columns of the connection with those that the source offers now."""
    result = Drift(note=_note(found, declared))
    before, after = {one.name: one for one in found.streams}, {one.name: one for one in now}
    for name in sorted(after.keys() - before.keys()):
        result.changes.append(f"{name}: a stream of the source that this connection does not load.")
        result.diff.extend(f"+{line}" for line in _entry(found, after[name]))
    for name in sorted(before.keys() - after.keys()):
        result.changes.append(f"{name}: the source does not offer this stream any more. Its next sync fails.")
        result.diff.extend(f"-{line}" for line in _old_entry(found, before[name], declared))
    for name in sorted(before.keys() & after.keys()):
        changes = [*_column_changes(before[name], after[name])]
        if changes:
            result.changes.extend(changes)
            result.diff.extend(_changed_lines(found, before[name], after[name], declared))
    if result.diff:
        result.commands.append("make apply")
    if result.changes:
        result.commands[:] = ["make apply o=--refresh-schema"]
    return result


def _note(found: Detail, declared: Declared) -> str:
    names = [stream.name for stream in found.streams if _columns(found, stream.name, declared)]
    if not names:
        return ""
    return (
        f"The columns of {', '.join(names)} are declared in connections.yaml (columns), and the connector offers the "
        "declared ones. The checks of the landing table in Dagster tell when the file has others."
    )


def _column_changes(before: Stream, after: Stream) -> Iterator[str]:
    old, new = ({one.name: one.type for one in stream.columns} for stream in (before, after))
    for name in sorted(new.keys() - old.keys()):
        yield f"{before.name}.{name}: new column, {new[name]}."
    for name in sorted(old.keys() - new.keys()):
        yield f"{before.name}.{name}: the source no longer has this column. It is NULL in new rows."
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield f"{before.name}.{name}: {old[name]} becomes {new[name]}."
    gone = [path[0] for path in before.primary_key if path and path[0] not in new]
    if gone:
        yield f"{before.name}: {', '.join(gone)} of the primary key is gone. Syncs fail until the key is changed."


def _entry(found: Detail, stream: Stream) -> list[str]:
    """Return a new entry of `streams`."""
    name = stream.name.replace("-", "_")
    table = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in name)
    source = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in found.name)
    lines = [f"      - name: {flow(stream.name)}", f"        sync_mode: {stream.sync_mode or 'full_refresh_overwrite'}"]
    if stream.primary_key:
        lines.append(f"        primary_key: {flow(stream.primary_key)}")
    return [*lines, f"        dbt_source: {source}.{table}"]


def _old_entry(found: Detail, stream: Stream, declared: Declared) -> list[str]:
    known = declared.stream(found.name, stream.name)
    lines = [
        f"      - name: {flow(stream.name)}",
        f"        sync_mode: {known.sync_mode if known else stream.sync_mode}",
    ]
    if known and known.primary_key:
        lines.append(f"        primary_key: {flow(known.primary_key)}")
    return [*lines, f"        dbt_source: {known.dbt_source}"] if known else lines


def _changed_lines(found: Detail, before: Stream, after: Stream, declared: Declared) -> list[str]:
    """Return the changed lines of a stream that is declared: its columns, its selected fields and its key."""
    known = declared.stream(found.name, before.name)
    if known is None:
        return []
    old, new = [*_declared_lines(found, before, declared, known)], []
    names = {column.name for column in after.columns}
    if columns := _columns(found, before.name, declared):
        kept = {name: kind for name, kind in columns.items() if name in names}
        added = {
            one.name: _plain(one)
            for one in after.columns
            if one.name not in columns and not one.name.startswith("_ab_")
        }
        new.append(f"            columns: {flow({**kept, **added})}")
    if known.primary_key:
        key = [path for path in known.primary_key if path[0] in names]
        new.append(f"        primary_key: {flow(key)}")
    if known.selected_fields:
        selected = [name for name in known.selected_fields if name in names]
        added_names = [one.name for one in after.columns if one.name not in {each.name for each in before.columns}]
        new.append(f"        selected_fields: {flow([*selected, *added_names])}")
    lines = [line for line in difflib.ndiff(old, new) if not line.startswith("?")]
    changed = [f"{line[0]}{line[2:]}" for line in lines]
    return [f" # stream {before.name}", *changed] if any(line[0] in "+-" for line in changed) else []


def _declared_lines(found: Detail, before: Stream, declared: Declared, known: connections_file.Stream) -> Iterator[str]:
    if columns := _columns(found, before.name, declared):
        yield f"            columns: {flow(columns)}"
    if known.primary_key:
        yield f"        primary_key: {flow(known.primary_key)}"
    if known.selected_fields:
        yield f"        selected_fields: {flow(known.selected_fields)}"


def _columns(found: Detail, stream: str, declared: Declared) -> dict[str, str]:
    """Return the columns that a file connector's source declares for a stream."""
    connection = declared.connections.get(found.name)
    source = declared.sources.get(connection.source) if connection else None
    if source is None or source.connector not in CONNECTORS:
        return {}
    options = (each for _, each in stream_options(source.connector, source.configuration))
    return next((declared_columns(each) or {} for each in options if each.get("name") == stream), {})


def _plain(column: Column) -> str:
    return column.type.split(" ")[0]
