"""Plain HTTP for files: uploads and downloads stream, which NiceGUI's own upload does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from console.clients.calls import THREADS, ServiceError
from console.clients.platform import Platform
from console.clients.s3 import S3
from console.logic import files, uploads
from console.parts.sent_files import SentFile

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PART = 8 * 1024 * 1024
"""Bytes of a download that are asked for at once: LocalStack keeps in memory what it has not sent yet."""
UPLOAD, DOWNLOAD = "/files/upload", "/files/download"
UPLOADS_AT_ONCE = THREADS - 1
"""Further uploads wait for their turn, so that the memory for their parts is bounded. One thread is left for pages."""


def add(api: FastAPI, platform: Platform) -> None:
    """Add the two routes."""
    s3 = platform.s3
    turns = asyncio.Semaphore(UPLOADS_AT_ONCE)
    arriving: set[str] = set()

    @api.put(UPLOAD)
    async def upload(request: Request, folder: str, name: str, replace: bool = False) -> Response:
        try:
            key = uploads.key(folder, name)
            announced = request.headers.get("content-length")
            async with turns:
                if key in arriving:
                    return _failed(409, f"{key} is being uploaded already. Wait for its end, or use another name.")
                arriving.add(key)
                try:
                    if not replace and await files.find(s3, key):
                        return _failed(409, f"{key} exists already. Replace it, or upload under another name.")
                    done = await uploads.upload(s3, key, request.stream(), int(announced) if announced else None)
                finally:
                    arriving.discard(key)
        except uploads.Refused as refused:
            return _failed(400, str(refused))
        except ServiceError as error:
            return _failed(502, error.sentence)
        except ClientDisconnect:
            return _failed(400, "the upload was interrupted")
        return JSONResponse({"key": key, "bytes": done})

    @api.get(DOWNLOAD)
    async def download(key: str) -> Response:
        try:
            found = await s3.call(lambda client: client.head_object(Bucket=s3.bucket, Key=key))
        except ServiceError as error:
            return _failed(404, error.sentence)
        headers = {
            "content-length": str(found["ContentLength"]),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(key.rpartition('/')[2], safe='')}",
            "content-encoding": "identity",
        }
        parts = _parts(s3, key, found["ContentLength"], found["ETag"])
        return SentFile(parts, media_type="application/octet-stream", headers=headers)


async def _parts(s3: S3, key: str, size: int, tag: str) -> AsyncIterator[bytes]:
    """Yield an object in parts. Raises ServiceError, which breaks the download off, if the object changes."""
    for start in range(0, size, PART):

        def part(client: S3Client, start: int = start) -> bytes:
            last = min(start + PART, size) - 1
            answer = client.get_object(Bucket=s3.bucket, Key=key, IfMatch=tag, Range=f"bytes={start}-{last}")
            return answer["Body"].read()

        yield await s3.call(part, uploads.PART_SECONDS)


def _failed(status: int, message: str) -> JSONResponse:
    return JSONResponse({"message": message}, status)
