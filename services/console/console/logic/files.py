"""The bucket's folders and objects, and who reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from connections_file import ConnectionsFile, ConnectionsFileError, globs, load
from connections_file.columns import stream_options
from console.clients.calls import ServiceError
from console.clients.s3 import S3

MOST = 500
"""The objects of one page of a folder."""


@dataclass(frozen=True)
class Object:
    """One object of the bucket."""

    key: str
    size: int
    changed: datetime

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]


@dataclass(frozen=True)
class Folder:
    """What is in a folder: the names of its folders, and its objects."""

    prefix: str
    folders: tuple[str, ...]
    objects: tuple[Object, ...]
    next_page: str = ""
    """The token of the next page, empty on the last one."""


@dataclass(frozen=True)
class Reader:
    """A stream that reads objects of the bucket."""

    connection: str
    stream: str
    asset: tuple[str, ...]
    """The key of its landing table in Dagster."""
    globs: tuple[str, ...]

    def reads(self, key: str) -> bool:
        """Return whether the connector reads an object."""
        return any(globs.may_read(key, glob) for glob in self.globs)


def prefix(folder: str) -> str:
    """Return what the keys of a folder begin with: `jaffle_shop` and `jaffle_shop/` give `jaffle_shop/`.

    A part of it may be empty: the key `a//b.csv` is in the folder `a//`, and `/b.csv` in `/`.
    """
    return folder if not folder or folder.endswith("/") else f"{folder}/"


def folder_of(key: str) -> str:
    """Return the folder that an object is in, as `prefix` does; empty for the bucket itself."""
    return key[: key.rfind("/") + 1]


def parents(folder: str) -> list[tuple[str, str]]:
    """Return the name and the prefix of each folder on the way to a folder."""
    names = prefix(folder).split("/")[:-1]
    return [(name, "".join(f"{one}/" for one in names[: at + 1])) for at, name in enumerate(names)]


async def folder(s3: S3, name: str, page: str = "") -> Folder:
    """Return a page of a folder. Raises ServiceError."""
    options: dict[str, Any] = {"ContinuationToken": page} if page else {}
    start = prefix(name)
    answer = await s3.call(
        lambda client: client.list_objects_v2(Bucket=s3.bucket, Prefix=start, Delimiter="/", MaxKeys=MOST, **options)
    )
    objects = [_object(item) for item in answer.get("Contents", [])]
    return Folder(
        start,
        tuple(item["Prefix"].removeprefix(start).removesuffix("/") for item in answer.get("CommonPrefixes", [])),
        tuple(item for item in objects if item.key != start),
        answer.get("NextContinuationToken", ""),
    )


async def find(s3: S3, key: str) -> Object | None:
    """Return an object, or None if the bucket has no such object. Raises ServiceError."""
    try:
        head = await s3.call(lambda client: client.head_object(Bucket=s3.bucket, Key=key))
    except ServiceError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
            return None
        raise
    return Object(key, head["ContentLength"], head["LastModified"])


async def delete(s3: S3, key: str) -> None:
    """Delete an object. Raises ServiceError."""
    await s3.call(lambda client: client.delete_object(Bucket=s3.bucket, Key=key))


async def newest(s3: S3) -> dict[str, Object]:
    """Return the first thousand objects of the bucket by key. Raises ServiceError."""
    answer = await s3.call(lambda client: client.list_objects_v2(Bucket=s3.bucket))
    return {item.key: item for item in map(_object, answer.get("Contents", []))}


def _object(item: Any) -> Object:
    return Object(item["Key"], item["Size"], item["LastModified"])


def readers(path: Path, bucket: str) -> list[Reader]:
    """Return the streams of connections.yaml that read the bucket. Raises ServiceError if the file is invalid."""
    try:
        return list(_readers(load(path), bucket))
    except (ConnectionsFileError, OSError) as error:
        raise ServiceError("connections.yaml", str(error).splitlines()[0], "make plan") from error


def _readers(file: ConnectionsFile, bucket: str) -> Iterable[Reader]:
    sources = {source.name: source for source in file.sources}
    for connection in file.connections:
        source = sources[connection.source]
        if source.known(source.configuration.get("bucket")) != bucket:
            continue
        options = {item.get("name"): item for _, item in stream_options(source.connector, source.configuration)}
        for stream in connection.streams:
            found = source.known(options.get(stream.name, {}).get("globs") or ["**"])
            if stream.name in options and isinstance(found, list):
                yield Reader(connection.name, stream.name, tuple(stream.asset_key), tuple(map(str, found)))


def readers_of(key: str, found: Iterable[Reader]) -> list[Reader]:
    """Return the streams that read an object."""
    return [reader for reader in found if reader.reads(key)]
