"""The HTTP server around the bridged local-bigquery application."""

import concurrent.futures
import logging
import os
import sys
from pathlib import Path

import duckdb
import uvicorn
from local_bigquery.app import app
from local_bigquery.engine import database
from local_bigquery.jobs import runner
from local_bigquery.settings import settings

from warehouse import bridges, retention

STOP_S = 1.0  # half of the two seconds that a stop may take: once for open requests, once for running jobs


def serve(host: str, port: int, project: str, data_dir: Path) -> int:
    """Open the database, serve until a signal, interrupt what still runs; return the exit code."""
    settings.data_dir = data_dir.absolute()
    settings.default_project_id = project
    bridges.install(app)
    try:
        database.connection()
    except duckdb.IOException as error:
        print(
            f"The warehouse cannot open {data_dir}: {error}\n"
            "Another process may be using this directory: stop it, or give another one with --data-dir.",
            file=sys.stderr,
        )
        return 1
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each PARTITION BY, which the catalog keeps
    retention.recover()
    retention.start()
    print(f"warehouse: http://{host}:{port} project {project}, data in {data_dir}", flush=True)
    configuration = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=int(STOP_S)
    )
    uvicorn.Server(configuration).run()
    _stop()
    return 0


def _stop() -> None:
    """Interrupt running jobs, close the database and end the process; a job that ignores it is cut like by kill -9."""
    running = list(runner._running.values())
    for job in running:
        job.cancelled = True
        if job.cursor:
            job.cursor.interrupt()
    concurrent.futures.wait([job.future for job in running if job.future], timeout=STOP_S)
    os._exit(0)
