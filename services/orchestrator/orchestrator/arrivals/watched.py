"""Which streams the sensor watches: those whose objects are in the platform's bucket."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dagster as dg

from connections_file import Connection, Source, Stream, globs
from orchestrator.reading.formats import NotCountedError, read_globs, read_options


@dataclass(frozen=True)
class Watched:
    """A landing table and the objects that it is loaded from."""

    table: dg.AssetKey
    globs: tuple[str, ...]
    replaced: bool
    """Whether each sync makes the table anew from the objects that exist, so that a deleted object changes it."""

    @property
    def name(self) -> str:
        """The table's asset key as a text."""
        return self.table.to_user_string()

    def reads(self, key: str) -> bool:
        """Return whether the connector reads the object."""
        return any(globs.may_read(key, glob) for glob in self.globs)


def watched(connections: Iterable[Connection], sources: Mapping[str, Source]) -> list[Watched]:
    """Return the streams of active connections that read the platform's bucket with source-s3."""
    found = []
    for connection in connections:
        for stream in connection.streams if connection.status == "active" else ():
            if of_stream := watched_stream(stream, sources[connection.source]):
                found.append(of_stream)
    return found


def watched_stream(stream: Stream, source: Source) -> Watched | None:
    """Return what is watched for a stream; None if its objects are not in the platform's bucket."""
    try:
        _, options = read_options(stream, source)
        found = tuple(read_globs(options))
    except NotCountedError:
        return None
    return Watched(dg.AssetKey(stream.asset_key), found, stream.sync_mode == "full_refresh_overwrite")
