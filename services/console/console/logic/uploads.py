"""Uploads into the bucket: streamed in parts, so that a large file is never in memory as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.clients.calls import ServiceError
from console.clients.s3 import S3
from console.logic import files

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef

PART = 8 * 1024 * 1024
"""Bytes of one part. S3 takes 10,000 parts of 5 MB to 5 GB."""
PART_SECONDS = 120.0
"""The time limit of one part."""
CONTROL = range(0x20)


class Refused(Exception):
    """An upload that was not done; the message says why."""


def key(folder: str, name: str) -> str:
    """Return the key of a file in a folder. Raises Refused for a name that no key can have, or that leads elsewhere."""
    whole = files.prefix(folder) + name
    if not name or "/" in name or any(part in (".", "..") for part in whole.split("/")):
        raise Refused(f"{name!r} is not a file name")
    if any(ord(character) in CONTROL or ord(character) == 0x7F for character in whole):
        raise Refused("a file name cannot have control characters")
    if len(whole.encode()) > 1024:
        raise Refused("the name is longer than the 1024 bytes that S3 allows")
    return whole


async def upload(s3: S3, name: str, chunks: AsyncIterator[bytes], length: int | None = None) -> int:
    """Write a stream of bytes to an object, and return their number.

    The object appears when it is complete; after an error there is none of it. Raises Refused if the stream has not the
    `length` that was announced, and ServiceError.
    """
    done = 0
    multipart = _Multipart(s3, name)
    buffer = bytearray()
    try:
        async for chunk in chunks:
            buffer += chunk
            done += len(chunk)
            while len(buffer) >= PART:
                await multipart.add(bytes(buffer[:PART]))
                del buffer[:PART]
        if length is not None and done != length:
            raise Refused(f"only {done:,} of {length:,} bytes arrived")
        await multipart.finish(bytes(buffer))
    except BaseException:
        await multipart.abort()
        raise
    return done


class _Multipart:
    """A multipart upload of S3, which begins with the first whole part. A smaller file is one request."""

    def __init__(self, s3: S3, name: str) -> None:
        self._s3, self._name = s3, name
        self._id = ""
        self._parts: list[CompletedPartTypeDef] = []

    async def add(self, content: bytes) -> None:
        s3, name = self._s3, self._name
        if not self._id:
            begun = await s3.call(lambda client: client.create_multipart_upload(Bucket=s3.bucket, Key=name))
            self._id = begun["UploadId"]
        number = len(self._parts) + 1
        answer = await s3.call(
            lambda client: client.upload_part(
                Bucket=s3.bucket, Key=name, UploadId=self._id, PartNumber=number, Body=content
            ),
            PART_SECONDS,
        )
        self._parts.append({"ETag": answer["ETag"], "PartNumber": number})

    async def finish(self, rest: bytes) -> None:
        s3, name = self._s3, self._name
        if not self._id:
            await s3.call(lambda client: client.put_object(Bucket=s3.bucket, Key=name, Body=rest), PART_SECONDS)
            return
        if rest:
            await self.add(rest)
        await s3.call(
            lambda client: client.complete_multipart_upload(
                Bucket=s3.bucket, Key=name, UploadId=self._id, MultipartUpload={"Parts": self._parts}
            ),
            PART_SECONDS,
        )
        self._id = ""

    async def abort(self) -> None:
        if self._id:
            s3, name = self._s3, self._name
            try:
                await s3.call(
                    lambda client: client.abort_multipart_upload(Bucket=s3.bucket, Key=name, UploadId=self._id)
                )
            except ServiceError:
                return  # S3 does not answer: the parts stay until the bucket's owner removes them
