"""Runs commands as forks of a Python that has imported what they need: importing takes one to four seconds each time.

Started by `commands.py`, in a service's environment, with the modules to import as arguments. Each line on standard
input is a command: {"command", "environment", "directory", "stdout", "stderr"}, the command written as for a shell:
[python, "-m", module, …], [python, "-c", code, …] or [script, …]. On standard output come the number of its process
and, when it has ended, its exit code (negative: a signal).
"""

import gc
import importlib
import json
import os
import runpy
import sys
import time
import traceback
import warnings
from typing import Any


def serve() -> dict[str, Any] | None:
    """Serve until standard input ends, then return None; in each forked child return its command."""
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        if (process := os.fork()) == 0:
            return command
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
    return None


def become(environment: dict[str, str], directory: str, stdout: str, stderr: str) -> None:
    """Give this process the variables, the folder and the streams of a command."""
    for number, path in ((0, os.devnull), (1, stdout), (2, stderr)):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - without what the server has read ahead
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(directory)


def execute(command: list[str]) -> None:
    """Run the command as Python would as its main program."""
    if command[1:2] == ["-m"]:
        sys.argv, sys.path[0] = command[2:], os.getcwd()  # noqa: PTH109 - as Python sets it
        runpy.run_module(command[2], run_name="__main__", alter_sys=True)
    elif command[1:2] == ["-c"]:
        sys.argv, sys.path[0] = ["-c", *command[3:]], ""
        exec(command[2], {"__name__": "__main__"})  # noqa: S102 - a program that the test wrote
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in sys.argv[1:]:
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # into memory that the forks share
    request = serve()
    if request is not None:
        become(request["environment"], request["directory"], request["stdout"], request["stderr"])
        code = 0
        try:
            execute(request["command"])
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # at once: taking apart all that was imported takes a fifth of the time
