"""Uploads over a connection that breaks, to a server that keeps the received pieces."""

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery

from airbyte_lite.loader import upload, warehouse
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.jobs import Jobs
from tests.serving import serving

PIECE = 256 * 1024
PIECES = 24  # 6 MiB


@dataclass
class Uploads:
    """A server of resumable uploads; `faults` are the numbers of the PUT requests that it breaks, and how."""

    url: str = ""
    faults: dict[int, str] = field(default_factory=dict)
    slow_s: float = 0.0  # before a fault
    puts: int = 0
    sessions: int = 0
    data: bytearray = field(default_factory=bytearray)
    received: int = 0  # bytes of pieces, also of those that were sent twice
    job: dict[str, Any] = field(default_factory=dict)
    forgets: bool = False  # an upload that broke


@contextmanager
def upload_server(uploads: Uploads) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two packets: 40 ms a request otherwise

        def do_POST(self) -> None:
            uploads.job = json.loads(self.body())
            uploads.sessions += 1
            uploads.data.clear()
            self.answer(200, {}, Location=f"{uploads.url}/upload?upload_id={uploads.sessions}")

        def do_PUT(self) -> None:
            at = re.match(r"bytes (\d+)-", self.headers["Content-Range"])
            if at is None:
                if uploads.forgets:
                    return self.answer(404, {"error": {"code": 404, "message": "upload not found"}})
                return self.stored()
            uploads.puts += 1
            fault = uploads.faults.get(uploads.puts)
            if fault == "break":
                self.rfile.read(1000)
                time.sleep(uploads.slow_s)
                self.connection.close()
                self.close_connection = True
                return None
            piece = self.body()
            if fault == "503":
                time.sleep(uploads.slow_s)
                return self.answer(503, {"error": {"code": 503, "message": "backend"}})
            uploads.received += len(piece)
            uploads.data[int(at[1]) :] = piece
            if fault == "lost answer":
                self.connection.close()
                self.close_connection = True
                return None
            return self.stored()

        def do_GET(self) -> None:
            self.answer(200, self.resource())

        def stored(self) -> None:
            if len(uploads.data) == PIECE * PIECES:
                self.answer(200, self.resource())
            else:
                self.answer(308, {}, **({"Range": f"bytes=0-{len(uploads.data) - 1}"} if uploads.data else {}))

        def resource(self) -> dict[str, Any]:
            return uploads.job | {"status": {"state": "DONE"}}

        def body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def answer(self, status: int, content: dict[str, Any], **headers: str) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        server.daemon_threads = True
        uploads.url = f"http://127.0.0.1:{server.server_port}"
        yield


def load(tmp_path: Path, uploads: Uploads, **options: Any) -> bytes:
    """Load a file of 24 pieces into a destination with these options; return its content."""
    content = os.urandom(PIECE * PIECES)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with upload_server(uploads):
        target = warehouse.Warehouse({"project_id": "p", "dataset_id": "d"} | options, uploads.url)
        Jobs(target, "test", threading.Event()).load(path, "t", bigquery.LoadJobConfig(), "step")
    return content


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(warehouse, "UNAVAILABLE_S", 0.05)
    monkeypatch.setattr(warehouse, "FIRST_PAUSE_S", 0.01)


def test_the_destination_sets_the_size_of_the_pieces(tmp_path: Path) -> None:
    uploads = Uploads()
    assert load(tmp_path, uploads, big_query_client_buffer_size_mb=3) == bytes(uploads.data)
    assert uploads.puts == 2


@pytest.mark.parametrize("fault", ["break", "503", "lost answer"])
def test_an_upload_that_breaks_goes_on_where_it_stopped(tmp_path: Path, fault: str) -> None:
    # Each attempt takes longer than the limit of the repetitions: the limit must not count the attempt itself.
    uploads = Uploads(faults={9: fault, 15: fault}, slow_s=0.06)
    assert load(tmp_path, uploads) == bytes(uploads.data)
    assert uploads.sessions == 1
    assert uploads.received == PIECE * PIECES
    assert uploads.job["jobReference"]["jobId"] == "test_step_1"


def test_an_upload_that_the_server_forgot_begins_again_under_the_same_job_id(tmp_path: Path) -> None:
    uploads = Uploads(faults={9: "break"}, forgets=True)
    assert load(tmp_path, uploads) == bytes(uploads.data)
    assert uploads.sessions == 2
    assert uploads.job["jobReference"]["jobId"] == "test_step_1"


def test_a_line_that_only_breaks_ends_the_load_after_the_limit(tmp_path: Path) -> None:
    uploads = Uploads(faults=dict.fromkeys(range(3, 1000), "break"))
    with pytest.raises(SyncError, match="load rows into") as caught:
        load(tmp_path, uploads)
    assert caught.value.failure_type == "transient_error"
