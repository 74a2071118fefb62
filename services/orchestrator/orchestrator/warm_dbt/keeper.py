"""Starts the process that imports dbt for the runs of one machine, and ends it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.warm_dbt import kept
from orchestrator.warm_dbt.client import KEPT


@contextmanager
def kept_dbt() -> Iterator[None]:
    """Run the process in the block, and tell the processes that are started in the block where it is. Linux only.

    It ends with the block, and with this process, however this one dies. Where it cannot be started, each run imports
    dbt itself.
    """
    if sys.platform != "linux":
        yield
        return
    folder = Path(tempfile.mkdtemp(prefix="dbt-kept-"))
    path = str(folder / "socket")
    try:
        process = _start(path)
    except OSError as error:  # for example: the path is too long for a socket
        print(f"Each run imports dbt itself, because a process that has imported it cannot be started: {error}")
        shutil.rmtree(folder)
        yield
        return
    os.environ[KEPT] = path
    try:
        yield
    finally:
        del os.environ[KEPT]
        process.communicate()  # it ends with its standard input
        shutil.rmtree(folder, ignore_errors=True)  # if it was killed


def _start(path: str) -> subprocess.Popen[bytes]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        return subprocess.Popen(
            kept.command(str(listening.fileno())),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[listening.fileno()],
            env=os.environ | {"PYTHONUNBUFFERED": "1"},  # as dagster-dbt starts dbt
        )
