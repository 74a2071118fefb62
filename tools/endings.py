"""How every command ends: with an exit code, and with a sentence instead of a traceback. Standard library only."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

from tools import disk, env_file

PR_SET_PDEATHSIG = 1
INTERRUPTED, CLOSED = 130, 141  # the exit codes of a shell after Ctrl-C, and when nobody reads the output any more


def interrupted(name: str) -> int:
    """Say that a command was interrupted, and return its exit code."""
    print(f"\n{name}: interrupted. To try again, run the same command.", file=sys.stderr, flush=True)
    return INTERRUPTED


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends. Works on Linux only; no effect elsewhere.

    It is the preexec_fn of the programs that a command starts: after `kill` of the command they would go on.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def drop_output() -> None:
    """Write what is left of the output nowhere: at its end Python would try again, and fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def ended(name: str, main: Callable[[], int]) -> int:
    """Run a command's main function and return its exit code. After a failure, print why it could not write."""
    reason = None
    try:
        code = main()
        if sys.stdout:  # None after `>&-`
            sys.stdout.flush()
    except KeyboardInterrupt:
        return interrupted(name)
    except EOFError:  # Ctrl-D instead of an answer
        print(f"\n{name}: the question was not answered. Nothing was changed.", file=sys.stderr, flush=True)
        return 1
    except env_file.EnvFileError as error:
        print(f"{name}: {error}", file=sys.stderr, flush=True)
        return 1
    except BrokenPipeError:  # as after `make run | head -1`
        drop_output()
        return CLOSED
    except OSError as error:
        reason = disk.denied(error)
        if error.errno in disk.NO_SPACE:
            reason = f"{error.strerror}: {error.filename or 'the output of this command'}"
            if not error.filename:
                drop_output()
        if reason is None:
            raise
        code = 1
    if code:
        for sentence in [*filter(None, [reason]), *disk.full(disk.folders())]:
            print(f"{name}: {sentence}", file=sys.stderr, flush=True)
    return code
