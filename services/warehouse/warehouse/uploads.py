"""Bridges for the data of load jobs (resumable uploads of the BigQuery API)."""

import asyncio
import os
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import anyio
from fastapi import APIRouter, Request, Response
from local_bigquery.api import uploads
from local_bigquery.errors import not_found
from starlette.concurrency import run_in_threadpool

RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
WRITTEN_BYTES = 1 << 20
"""Bytes that are written at once. A piece of a request has up to 64 KiB, and each write waits for another thread."""
REMEMBERED = 1000  # uploads whose answer is kept for a client that sends the last chunk again
router = APIRouter()
_locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # one chunk of an upload at a time
_answers: dict[str, Response] = {}


@router.put("/upload/bigquery/v2/projects/{project_id}/jobs", include_in_schema=False)
async def receive_chunk(project_id: str, upload_id: str, request: Request) -> Response:  # noqa: ARG001 in the path
    """Write a chunk of a resumable upload at its position in the file; after the last chunk, start the job.

    local-bigquery keeps each chunk in memory (a client's chunk is 100 MiB) and appends it to the file. A chunk that a
    client repeats after a lost answer would then be in the file twice. The last chunk starts one job, also when it
    comes twice at once: the second gets the first one's answer.
    """
    async with _locks[upload_id]:
        if upload_id in _answers:
            return _answers[upload_id]
        if upload_id not in uploads._resumable:
            _locks.pop(upload_id, None)
            raise not_found("Upload", upload_id)
        return await _received(upload_id, request)


async def _received(upload_id: str, request: Request) -> Response:
    start, total = _range(request.headers.get("content-range"))
    path = uploads._file(upload_id)
    async with await anyio.open_file(path, "r+b") as file:
        if start is not None:
            await file.seek(start)
            await file.truncate()
        waiting = bytearray()
        try:
            async for piece in request.stream():
                waiting += piece
                if len(waiting) >= WRITTEN_BYTES:
                    full, waiting = bytes(waiting), bytearray()  # before the write, so that none is written twice
                    await file.write(full)
        finally:  # also when the connection breaks: the client continues after these bytes
            await file.write(bytes(waiting))
        size = await file.seek(0, os.SEEK_END)
    if total is None or size < total:
        return Response(status_code=308, headers={"Range": f"bytes=0-{size - 1}"} if size else {})
    owner, job = uploads._resumable.pop(upload_id)
    answer: Response = await run_in_threadpool(uploads._start, owner, job, path)
    _answers[upload_id] = answer
    for old in list(_answers)[:-REMEMBERED]:
        _answers.pop(old, None)
        _locks.pop(old, None)
    return answer


def refused_uploads() -> None:
    """Delete the file of an upload when its job is refused, for example for an existing id: local-bigquery keeps it."""
    upstream = uploads._start

    def start(project_id: str, body: Any, upload: str) -> Any:
        try:
            return upstream(project_id, body, upload)
        except Exception:
            Path(upload).unlink(missing_ok=True)
            raise

    uploads._start = start


def _range(header: str | None) -> tuple[int | None, int | None]:
    """Return the first byte's position and the total size of a Content-Range, in bytes; None for a missing value."""
    match = RANGE.match(header or "")
    if match is None:
        return 0, 0  # without a range, the request has the whole file
    return (None if match[1] is None else int(match[1])), (None if match[2] == "*" else int(match[2]))
