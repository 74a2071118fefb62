"""Compares each stream of a connection with its file source: the stream's name, its `files` and its columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connections_file.columns import declared_columns, stream_options
from connections_file.globs import may_read
from connections_file.models import Connection, ConnectionsFile, Source
from connections_file.yaml_lines import Location


def source_contradictions(file: ConnectionsFile) -> Iterator[tuple[Location, str]]:
    """Yield the place and the description of each mistake; the description has the place in the source."""
    sources = {source.name: source for source in file.sources}
    for connection in file.connections:
        source = sources.get(connection.source)
        if source is None:
            continue
        found = list(stream_options(source.connector, source.configuration))
        by_name = {str(source.known(options.get("name"))): (position, options) for position, options in found}
        for position, stream in enumerate(connection.streams):
            if stream.name in by_name:
                at, options = by_name[stream.name]
                yield from _files(connection, position, source, at, options)
                yield from _columns(connection, position, source, at, options)
            elif found and not any("${" in name for name in by_name):
                yield (
                    (*connection.location, "streams", position, "name"),
                    f"source {source.name!r} has no stream {stream.name!r} "
                    f"({source.place('configuration', 'streams')}). Its streams: {', '.join(sorted(by_name))}.",
                )


def _files(
    connection: Connection, position: int, source: Source, at: int, options: dict[str, Any]
) -> Iterator[tuple[Location, str]]:
    """Yield each of the stream's `files` that no glob matches, and each glob that matches none of them."""
    files, declared = connection.streams[position].files, options.get("globs") or ["**"]
    if not files or not isinstance(declared, list) or options.get("legacy_prefix"):
        return
    globs = [source.known(item) for item in declared]
    if not all(isinstance(item, str) and "${" not in item for item in globs):
        return
    there = ("configuration", "streams", at, "globs")
    for index, key in enumerate(files):
        if not any(may_read(key, item) for item in globs):
            hint = f", for example {key}#*.csv: it matches the files in the archive" if key.endswith(".zip") else ""
            yield (
                (*connection.location, "streams", position, "files", index),
                f"no glob of the source matches the file {key!r}; its globs ({source.place(*there)}): "
                f"{', '.join(globs)}. The source would not read this file: add a glob{hint}, or remove the file.",
            )
    for index, item in enumerate(globs):
        if not any(may_read(key, item) for key in files):
            yield (
                (*source.location, *there, index),
                f"the glob {item!r} matches none of the stream's files "
                f"({connection.place('streams', position, 'files')}): {', '.join(files)}. The source would read files "
                "that are not declared: add them to files, or remove the glob.",
            )


def _columns(
    connection: Connection, position: int, source: Source, at: int, options: dict[str, Any]
) -> Iterator[tuple[Location, str]]:
    """Yield each name in the stream's settings that is not a declared column."""
    columns = declared_columns(options)
    if columns is None:
        return
    stream = connection.streams[position]
    keys = [("primary_key", path[0]) for path in stream.primary_key if path]
    selected = [("selected_fields", name) for name in stream.selected_fields]
    for field, name in (*keys, *selected):
        if name not in columns and not name.startswith("_ab_source_file_"):
            declared = source.place("configuration", "streams", at)
            yield (
                (*connection.location, "streams", position, field),
                f"{name!r} is not a declared column of the stream. Its columns ({declared}): {', '.join(columns)}.",
            )
