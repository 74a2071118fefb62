"""Uploads the file of a load job in pieces. An interrupted upload continues with the first missing piece."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from google.api_core import exceptions
from google.cloud import bigquery
from google.resumable_media import InvalidResponse, RetryStrategy
from google.resumable_media.requests import ResumableUpload

# One piece is in memory at a time. Google accepts multiples of 256 KiB.
PIECE_BYTES = 8 * 1024 * 1024
PIECE_S = 180  # time limit of one attempt to send one piece: enough at 50 kB/s
_RESUME = 308  # HTTP status: the server waits for the next piece


class Upload:
    """The upload of one file. After an error, `send` may be called again: it sends only the missing pieces."""

    def __init__(self, client: bigquery.Client, path: Path, piece_bytes: int | None = None) -> None:
        self._client = client
        self._piece_bytes = piece_bytes or PIECE_BYTES
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self._job_id = ""
        self._session: ResumableUpload | None = None

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    @property
    def sent(self) -> int:
        """Number of bytes that the server has stored."""
        return self._session.bytes_uploaded if self._session else 0

    def send(self, job: dict[str, Any]) -> dict[str, Any]:
        """Send the file for a job and return the started job. Both are Job resources of BigQuery's API.

        Raises ConnectionError or an exception of requests if the connection breaks, GoogleAPICallError if BigQuery
        refuses the job.
        """
        try:
            session = self._open(job)
            while True:
                response = session.transmit_next_chunk(self._client._http, timeout=PIECE_S)  # type: ignore[no-untyped-call]
                if session.finished:
                    started: dict[str, Any] = response.json()
                    return started
        except InvalidResponse as error:
            if error.response.status_code == _RESUME:
                raise ConnectionError("BigQuery stored nothing of the last piece") from error
            raise exceptions.from_http_response(error.response) from error  # type: ignore[no-untyped-call]

    def _open(self, job: dict[str, Any]) -> ResumableUpload:
        """Return the job's unfinished upload, positioned after the bytes that the server has, or a new upload."""
        if self._session is not None and self._job_id == job["jobReference"]["jobId"]:
            try:
                self._session.recover(self._client._http)  # type: ignore[no-untyped-call]
                return self._session
            except InvalidResponse as error:
                if error.response.status_code >= 500:
                    raise
                # The server has forgotten the upload, or the upload is complete. If it is complete, BigQuery answers to
                # the new upload that the job id exists.
        self._session, self._job_id = None, job["jobReference"]["jobId"]
        self._file.seek(0)
        host = self._client._connection.get_api_base_url_for_mtls()
        url = f"{host}/upload/bigquery/v2/projects/{self._client.project}/jobs?uploadType=resumable"
        session = ResumableUpload(url, self._piece_bytes)  # type: ignore[no-untyped-call]
        # No retries by the session: the caller of `send` retries.
        session._retry_strategy = RetryStrategy(max_retries=0)  # type: ignore[no-untyped-call]
        session.initiate(self._client._http, self._file, job, "*/*", total_bytes=self._size, timeout=PIECE_S)  # type: ignore[no-untyped-call]
        self._session = session
        return session
