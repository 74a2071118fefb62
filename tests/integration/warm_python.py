"""Runs commands as forks of a Python that has done their imports, which take one to four seconds each time.

Started by `commands.py`, in a service's environment. Its arguments are the file descriptor of its listening socket
and the statements that import. It ends with its standard input. `warm_client.py` sends it commands, each written as for
a shell: [python, "-m", module, …], [python, "-c", code, …] or [script, …]; "-P" may stand before "-m" and "-c".

A service becomes the leader of a session of its own. It can be watched, stopped and killed like a service that
`tools/local/processes.py` has started, except that it is no child process of the process that asked for it: see
`forked.py`. It is ended when that process ends.

A command leads a process group of its own, which is killed when the client ends. The client of a service's command is
in the service's group, and the client of a command's command in that command's group: so the end of a service's group
ends all that it has started.
"""

import atexit
import contextlib
import ctypes
import fcntl
import gc
import json
import multiprocessing
import os
import runpy
import select
import signal
import socket
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
MOST_FILES = 32
FREE = 500  # the numbers of open files from here on are free
MARK = "PLATFORM_SERVICE_LOG"  # the variable by which `tools/local/marked.py` finds a service


def serve(listening: socket.socket) -> dict[str, Any] | None:
    """Serve until standard input ends, then return None; in the process of each command return the request for it."""
    signal.signal(signal.SIGCHLD, lambda *_: os.waitpid(-1, os.WNOHANG))  # a process of attend() has ended
    while sys.stdin not in select.select([sys.stdin, listening], [], [])[0]:
        connection, _ = listening.accept()
        with connection:
            if os.fork() == 0:
                listening.close()
                return attend(connection)
    return None


def attend(connection: socket.socket) -> dict[str, Any]:
    """Fork the process of a command and return its request there. Here, answer with its number and its exit code.

    When the client ends before the process, the process is killed with its group; a service gets SIGTERM.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, received, _, _ = socket.recv_fds(connection, 1, MOST_FILES)
    files = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, FREE) for file in received]
    for file in received:
        os.close(file)
    with connection.makefile("rw") as lines:
        request: dict[str, Any] = json.loads(lines.readline())
        process = os.fork()
        if process == 0:
            if request["service"]:
                become_service(request["environment"])
                print(os.getpid(), file=lines, flush=True)
            else:
                os.setpgid(0, 0)
            lines.close()
            connection.close()  # its number may be one of the following numbers
            for number, file in zip(request["files"], files, strict=True):
                os.dup2(file, number)
                os.close(file)
            return request
        for file in files:
            os.close(file)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # after Ctrl-C it still has to kill the process
        with contextlib.suppress(BrokenPipeError):  # the client has ended
            if not request["service"]:
                with contextlib.suppress(ProcessLookupError):  # it has ended
                    os.setpgid(process, process)  # the process does the same; this may come first
                print(process, file=lines, flush=True)
        if hasattr(os, "pidfd_open"):
            end = os.pidfd_open(process)
            if end not in select.select([connection, end], [], [])[0]:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process, signal.SIGTERM if request["service"] else signal.SIGKILL)
        ended = os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        with contextlib.suppress(BrokenPipeError):
            print(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status, file=lines, flush=True)
        with contextlib.suppress(ConnectionResetError):  # the client has ended
            connection.recv(1)  # it has read the exit code: now the system may use the process's number again
        os._exit(0)


def become_service(environment: dict[str, str]) -> None:
    """Start a session; end with the parent."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    show(MARK, environment[MARK])


def show(name: str, value: str) -> None:
    """Replace a variable in /proc/PID/environ. Its length there stays that of the value at the server's start."""
    start, end = map(int, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[47:49])
    old = f"{name}={os.environ[name]}".encode()
    place = start + ctypes.string_at(start, end - start).index(old)
    ctypes.memmove(place, f"{name}={value}".encode().ljust(len(old), b"\0"), len(old))


def become(environment: dict[str, str], directory: str) -> None:
    """Give this process the variables and the folder of a command."""
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - without what the server has read ahead
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(directory)


def execute(command: list[str]) -> None:
    """Run the command as Python would as its main program."""
    program, *arguments = command
    safe = arguments[:1] == ["-P"]
    what = arguments[safe:]
    if what[:1] in (["-m"], ["-c"]):
        sys.executable = program
        if "multiprocessing.spawn" in sys.modules:
            multiprocessing.set_executable(program)
    if what[:1] == ["-m"]:
        sys.argv = what[1:]
        sys.path[:1] = [] if safe else [os.getcwd()]  # noqa: PTH109 - as Python sets it
        runpy.run_module(what[1], run_name="__main__", alter_sys=True)
    elif what[:1] == ["-c"]:
        sys.argv = ["-c", *what[2:]]
        sys.path[:1] = [] if safe else [""]
        exec(what[1], {"__name__": "__main__"})  # noqa: S102 - a program that the test wrote
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    gc.disable()  # almost all that is imported stays: looking for garbage in it takes a tenth of the time
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for statement in sys.argv[2:]:
            exec(statement, {})  # noqa: S102 - of commands.py
    gc.freeze()  # into memory that the forks share
    gc.enable()
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        code, interrupted = 0, False
        try:
            become(request["environment"], request["directory"])
            execute(request["command"])
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__)
            code, interrupted = 1, isinstance(error, KeyboardInterrupt)
        if request["service"] or request["command"][0].endswith(".py"):  # the connectors' fork_server.py
            threading._shutdown()  # type: ignore[attr-defined]  # wait for its threads, as at each end of a Python
            atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        if interrupted:  # Python then ends with the signal
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        os._exit(code)  # at once: taking apart all that was imported takes a fifth of the time
    os._exit(0)
