"""The HTTP server around the bridged local-bigquery application."""

import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from pathlib import Path

import duckdb
import uvicorn
from local_bigquery.app import app
from local_bigquery.engine import database
from local_bigquery.settings import settings

from platform_kit import hosts
from platform_kit.listening import listen
from warehouse import bridges, retention
from warehouse.read_api.port import Port

NAMES = ("warehouse",)
"""The host names of this server in Compose."""
GRACE_S = 1  # time for open requests at a stop, which takes at most two seconds


def serve(host: str, port: int, storage_port: int, project: str, data_dir: Path) -> int:
    """Open the database and serve until SIGTERM or Ctrl-C. Return 1 if it cannot start; stderr says why."""
    try:
        allowed = hosts.names(os.environ.get("ALLOWED_HOSTS"))
    except ValueError as error:
        return _refuse(f"does not start: {error}")
    settings.data_dir = data_dir.absolute()
    settings.default_project_id = project
    bridges.install(app)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns about each PARTITION BY, but the catalog keeps it
    try:
        database.connection()
    except duckdb.IOException as error:
        is_in_use = "Could not set lock" in str(error)
        advice = "Stop the other process" if is_in_use else "Make its files readable and writable for this user"
        return _refuse(f"cannot open {data_dir}: {error}\n{advice}, or use another --data-dir.")
    try:
        sockets = _listen(host, port, "--port")
        storage_sockets = _listen(host, storage_port, "--storage-port")
    except OSError as error:
        return _refuse(str(error))
    retention.recover()
    retention.start()
    Port(storage_sockets).start()
    print(f"warehouse: http://{host}:{port}, Storage Read API on port {storage_port}", flush=True)
    print(f"project {project}, data in {data_dir}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises the signal again when it has stopped
    guarded = hosts.HostGuard(app, (*NAMES, host, *allowed))  # no page of another site may send SQL
    configuration = uvicorn.Config(guarded, log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE_S)
    gc.freeze()  # what was imported is not searched for garbage again, which takes 0.1 s each time
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(configuration).run(sockets=sockets)
    os._exit(0)  # ends running jobs without waiting, like kill -9; the database files stay valid


def _listen(host: str, port: int, option: str) -> list[socket.socket]:
    try:
        return listen(host, port)
    except OSError as error:
        reason = f"cannot listen on {host}:{port}: {error.strerror}"
        raise OSError(f"{reason}\nStop the other process, or use another {option}.") from error


def _refuse(reason: str) -> int:
    print(f"The warehouse {reason}", file=sys.stderr)
    return 1
