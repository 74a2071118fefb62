"""`python -m orchestrator.warm_dbt.server FD TESTS`: imports dbt, then runs one dbt command in this process.

FD is the file descriptor of its listening socket; TESTS is JOINT if dbt asks the data tests of the same tables in one
query. It ends with its standard input or with its client: a command that runs then is interrupted.
"""

import contextlib
import gc
import importlib
import json
import logging
import os
import select
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from orchestrator.hidden import hidden
from orchestrator.warm_dbt import lean
from orchestrator.warm_dbt.client import JOINT

# What `dbt build` imports. None of them reads the environment.
MODULES = (
    *("google.cloud.bigquery", "dbt.cli.main", "dbt.adapters.bigquery", "dbt.task.build"),
    *("dbt_common.clients.agate_helper", "sqlparse"),
)
UNUSED = ("pandas", "pyarrow", "numpy")
"""What these modules import if it is installed, and dbt does not use: 0.5 s of CPU, 60 MiB, and threads."""
JOINT_TESTS = "orchestrator.joint_tests.patch"


def main() -> None:
    """Import dbt, wait for a command, run it; exits with its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is to be tidied up before a command runs
    listening = socket.socket(fileno=int(sys.argv[1]))
    import_dbt(sys.argv[2])
    serve(listening, sys.argv[2])


def import_dbt(tests: str) -> None:
    """Import dbt and what `dbt build` needs of it."""
    gc.disable()  # no imported object is garbage; the search for garbage takes 0.3 s of CPU
    with hidden(*UNUSED):
        lean.use_simple_locks()
        for module in (*MODULES, *([JOINT_TESTS] if tests == JOINT else [])):
            importlib.import_module(module)
    gc.freeze()
    gc.enable()


def serve(listening: socket.socket, tests: str) -> None:
    """Wait for a command and run it; exits with its exit code. Return if none comes before standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ready = select.select([sys.stdin, listening], [], [])[0]
    folder = Path(listening.getsockname()).parent
    if listening not in ready:
        shutil.rmtree(folder, ignore_errors=True)
        return
    connection, _ = listening.accept()
    listening.close()  # the next client starts a dbt of its own
    shutil.rmtree(folder, ignore_errors=True)
    request = receive(connection)
    connection.sendall(b"%d\n" % os.getpid())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt_at_end, args=(connection,), daemon=True).start()
    code = run(request, tests)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client ends when it has the exit code
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    with contextlib.suppress(OSError):  # the client was killed
        connection.sendall(b"%d\n" % code)
    os._exit(code)  # at once: taking apart all that was imported takes half a second


def receive(connection: socket.socket) -> dict[str, Any]:
    """Return the client's request, and take over the client's output."""
    _, files, _, _ = socket.recv_fds(connection, 1, 2)
    for number, file in enumerate(files, start=1):
        os.dup2(file, number)
        os.close(file)
    with connection.makefile() as lines:
        request: dict[str, Any] = json.loads(lines.readline())
    return request


def interrupt_at_end(connection: socket.socket) -> None:
    """Interrupt the command when the client has ended, or the process that has started this one."""
    select.select([sys.stdin, connection], [], [])
    os.kill(os.getpid(), signal.SIGINT)


def run(request: dict[str, Any], tests: str) -> int:
    """Run the command as its own process would; return its exit code."""
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["directory"])
    sys.argv = ["dbt", *request["arguments"]]
    lean.apply()
    if tests == JOINT:
        importlib.import_module(JOINT_TESTS).apply()
    try:
        importlib.import_module("dbt.cli.main").cli(prog_name="dbt")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    main()
