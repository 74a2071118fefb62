"""The HTTP server around the bridged local-bigquery application."""

import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

import duckdb
import uvicorn
from local_bigquery.app import app
from local_bigquery.engine import database
from local_bigquery.settings import settings

from platform_kit.listening import listen
from warehouse import bridges, retention

GRACE_S = 1  # for open requests; a stop takes two seconds at most


def serve(host: str, port: int, project: str, data_dir: Path) -> int:
    """Open the database and serve until SIGTERM or Ctrl-C; return 1 at once if the data or the port is in use."""
    settings.data_dir = data_dir.absolute()
    settings.default_project_id = project
    bridges.install(app)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each PARTITION BY, which the catalog keeps
    try:
        database.connection()
    except duckdb.IOException as error:
        return _refuse(f"cannot open {data_dir}: {error}\nStop the other process, or give another --data-dir.")
    try:
        sockets = listen(host, port)
    except OSError as error:
        return _refuse(
            f"cannot listen on {host}:{port}: {error.strerror}\nStop the other process, or give another --port."
        )
    retention.recover()
    retention.start()
    print(f"warehouse: http://{host}:{port} project {project}, data in {data_dir}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises the signal again when it has stopped
    configuration = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE_S)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(configuration).run(sockets=sockets)
    os._exit(0)  # does not wait for the threads of running jobs: they are cut off as by kill -9, which the files bear


def _refuse(reason: str) -> int:
    print(f"The warehouse {reason}", file=sys.stderr)
    return 1
