"""Sends a query's rows with the answer that says that the query is done, so that Google's Python client needs no gRPC.

When google-cloud-bigquery-storage is installed, `to_dataframe()` and `to_arrow()` ask the Storage Read API, which is
at Google whatever `api_endpoint` is (see read_api). They do not ask when the first answer has all rows. The client asks
for no rows there (`maxResults=0`), but takes them when they come.
"""

import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from local_bigquery.api import jobs as api_jobs
from local_bigquery.catalog import tabledata, tables
from local_bigquery.jobs import runner
from local_bigquery.models import QueryRequest

# Older releases send no startIndex with this request. They would take the first rows for those from startIndex on.
CLIENT = re.compile(r"\bgl-python/\S+ .*\bgccl/(\d+)\.(\d+)")
FIRST_RELEASE = (3, 35)
CELLS = 5_000_000  # about 150 MB of JSON. The client keeps the answer in memory; for more it asks the Storage Read API
PAGE_ROWS = 10_000
router = APIRouter()
_whole: ContextVar[bool] = ContextVar("whole", default=False)
_waiting: ContextVar[bool] = ContextVar("waiting", default=False)


def all_rows() -> None:
    """Send every row of a result with its first page, when the client wants them; local-bigquery sends 100,000.

    A client that waits is told `jobComplete: false` beside the rows: it knows from the job itself that it is done. The
    client would keep these rows in the job otherwise, and take them for the rows after a `start_index` later.
    """
    upstream = api_jobs.with_rows

    def with_rows(payload: dict[str, Any], rows: list[str]) -> Any:
        total = int(payload.get("totalRows") or 0)
        if not (_whole.get() and total):
            return upstream(payload, rows)
        if total * len(payload["schema"].fields) > CELLS:
            return upstream(payload | {"pageToken": None}, []) if _waiting.get() else upstream(payload, rows)
        if _waiting.get():
            payload = payload | {"jobComplete": False}
        if not rows or not payload.get("pageToken"):
            return upstream(payload, rows)
        head = upstream(payload | {"pageToken": None}, rows).body.removesuffix(b"]}")
        reference = payload["jobReference"]
        job = runner.get(reference.projectId, reference.jobId)
        answer = _stream(head, job, int(payload["pageToken"]), total)
        return StreamingResponse(answer, media_type="application/json")

    api_jobs.with_rows = with_rows


@router.get("/bigquery/v2/projects/{project_id}/queries/{job_id}", include_in_schema=False)
def get_query_results(
    project_id: str,
    job_id: str,
    request: Request,
    maxResults: int | None = None,
    pageToken: str | None = None,
    startIndex: int = 0,
    timeoutMs: int | None = None,
    int64_timestamps: bool = Query(False, alias="formatOptions.useInt64Timestamp"),
) -> Any:
    """Answer a client that waits for a query (`maxResults=0`) with the query's rows too.

    When the query was not done before, the rows come with the client's next request, which it sends at once.
    """
    if maxResults == 0 and _understands(request):
        _whole.set(True)
        _waiting.set(True)
        if runner.get(project_id, job_id).status.state == "DONE":
            maxResults, int64_timestamps = None, True
    return api_jobs.get_query_results(
        project_id, job_id, maxResults, pageToken, startIndex, timeoutMs, int64_timestamps
    )


@router.post("/bigquery/v2/projects/{project_id}/queries", include_in_schema=False)
def run_query(project_id: str, body: QueryRequest, request: Request) -> Any:
    """Answer a query that is sent and read with one request, with all its rows unless it limits them."""
    _whole.set(body.maxResults is None and _understands(request))
    return api_jobs.run_query(project_id, body)


def _understands(request: Request) -> bool:
    match = CLIENT.search(request.headers.get("user-agent", ""))
    return match is not None and (int(match[1]), int(match[2])) >= FIRST_RELEASE


def _stream(head: bytes, job: Any, start: int, total: int) -> Iterator[bytes]:
    """Yield an answer page by page, so that the server keeps one page in memory."""
    yield head
    destination = tables.reference(job.configuration.query.destinationTable)
    while start < total:
        page, _ = tabledata.list_rows(*destination, PAGE_ROWS, start, None, True)
        if not page.rows:
            break
        start += len(page.rows)
        yield "".join(f",{row}" for row in page.rows).encode()
    yield b"]}"
