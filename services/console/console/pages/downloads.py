"""Downloads of a query's result or of a table, streamed page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from urllib.parse import quote

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

from console.clients.calls import ServiceError
from console.clients.platform import Platform
from console.logic.sql import downloads, results, running
from console.logic.sql.results import Source
from console.parts.sent_files import SentFile

PAGE_SECONDS = 60.0


def add(api: FastAPI, platform: Platform) -> None:
    """Add the addresses /download/sql/JOB.csv and /download/table/DATASET/TABLE.csv; also .jsonl and .parquet."""
    warehouse = platform.warehouse

    @api.get("/download/sql/{job_id}.{ending}")
    async def result(job_id: str, ending: str) -> Response:
        if not running.is_ours(job_id):
            return PlainTextResponse("The console did not start this job.", 404)
        return await _response(platform, job_id, ending, running.finished(warehouse, job_id))

    @api.get("/download/table/{dataset}/{table}.{ending}")
    async def whole_table(dataset: str, table: str, ending: str) -> Response:
        name = f"{platform.settings.project}.{dataset}.{table}"
        return await _response(platform, table, ending, warehouse.call(lambda client: results.source(client, name)))


async def _response(platform: Platform, name: str, ending: str, finding: Awaitable[Source | None]) -> Response:
    try:
        source = await finding
        if source is None or ending not in downloads.MEDIA:
            endings = ", ".join(downloads.MEDIA)
            return PlainTextResponse(f"The result has no rows, or the file's ending is not one of {endings}.", 404)
        limit = platform.settings.sql_rows
        file = await platform.warehouse.call(lambda client: downloads.file(client, source, ending, limit))
        # The first part is read before the answer begins, so that an error has a status of its own.
        first = await _part(platform, file)
    except ServiceError as problem:
        return PlainTextResponse(f"{problem}\n{problem.remedy}\n", 502)

    async def content() -> AsyncIterator[bytes]:
        part: bytes | None = first
        while part is not None:
            yield part
            part = await _part(platform, file)

    attachment = f"attachment; filename*=UTF-8''{quote(f'{name}.{ending}')}"
    headers = {"content-disposition": attachment, "cache-control": "no-store"}
    return SentFile(content(), media_type=downloads.MEDIA[ending], headers=headers)


async def _part(platform: Platform, file: Iterator[bytes]) -> bytes | None:
    """Return the next part; None after the last. Raises ServiceError, which breaks off the download."""
    return await platform.warehouse.call(lambda _: next(file, None), PAGE_SECONDS)
