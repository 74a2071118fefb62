"""Starts bootstrap's commands as forks of a process that has imported it: each import would take a second.

Run by the Python of bootstrap's environment. Each line on standard input is a command, {"arguments", "environment",
"output"}; on standard output come the number of its process and, once it has ended, its exit code (negative: a signal).
"""

import contextlib
import gc
import io
import json
import os
import sys

import httpx

from bootstrap.cli import main


def warm_up() -> None:
    """Import also what is imported at its first use, and keep it in memory pages that the forks share."""
    sys.argv = ["bootstrap", "schema"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main()
    httpx.Client().close()
    gc.collect()
    gc.freeze()


def serve() -> dict[str, str] | None:
    """Serve until standard input ends, then return None; in each forked child return its environment."""
    for line in sys.stdin:
        command = json.loads(line)
        if (process := os.fork()) == 0:
            output = os.open(command["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            sys.argv = ["bootstrap", *command["arguments"]]
            environment: dict[str, str] = command["environment"]
            return environment
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
    return None


if __name__ == "__main__":
    warm_up()
    variables = serve()
    if variables is not None:
        os.environ.clear()
        os.environ.update(variables)
        try:
            main()
        except SystemExit as end:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(int(end.code or 0))  # at once: taking apart all that was imported takes a fifth of the time
