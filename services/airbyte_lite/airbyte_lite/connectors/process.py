"""Starts connector commands as processes. Each connector in use has one fork server."""

import contextlib
import fcntl
import io
import json
import os
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from airbyte_lite.connectors.output import Output
from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.connectors.registry import Connector

FORK_SERVER = Path(__file__).with_name("fork_server.py")
PACKAGE = Path(__file__).parents[1]
BEFORE = ["airbyte_lite.connectors.documents"]
CHANGES = ["airbyte_lite.connectors.repairs", "airbyte_lite.batches"]
"""The modules that change a connector that the registry marks as `repaired`, before and after it is imported."""
LOW_CODE = Path(__file__).with_name("low_code.py")
PIPE_BYTES = 1 << 20
"""Size of one read and, on Linux, of a command's output pipe. Linux allows 1 MiB at most."""
CLOSE_SECONDS = 3.0
"""Time for a fork server to end before it is killed. An import, which it cannot interrupt, takes 2 s."""
TAIL_BYTES = 32 * 1024
"""Number of last bytes kept of a process's standard error."""

PASSED_ON = frozenset(
    {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"}
)
"""The only variables that a connector gets from this server's environment. The others may hold the server's secrets."""


def passed_on() -> dict[str, str]:
    """Return the variables of this process's environment that a connector gets."""
    return {name: value for name, value in os.environ.items() if name in PASSED_ON}


class Running(Protocol):
    """One running command of a connector: a process of a fork server, or a container."""

    output: Output
    stdout: "io.BufferedReader[Output]"

    def stop(self) -> None:
        """End the command: SIGTERM, SIGKILL after 5 s. Returns at once. Does nothing after its end."""

    def wait(self) -> int:
        """Wait for the end of the command; return its exit code, or the negative number of the signal that ended it.

        Raises ConnectorError if the exit code is not known.
        """

    def close(self) -> None:
        """End the command if it is still running, wait for its end, and release what it has."""

    def tail(self) -> str:
        """Return the last lines of the command's standard error so far; after `wait`, up to its end."""


class Process:
    """One running command of a connector, forked by its fork server."""

    def __init__(self, stdout: int, stderr: BinaryIO, control: socket.socket, server: "ForkServer") -> None:
        self.output = Output(stdout)
        self.stdout = io.BufferedReader(self.output, PIPE_BYTES)
        self._tail = Tail(stderr)
        self._control = control
        self._server = server
        self._exit_code: int | None = None

    def stop(self) -> None:
        """Tell the fork server to end the command's process group. Returns at once. Does nothing after its end."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)

    def wait(self) -> int:
        """Wait for the end of the command; return its exit code, or the negative number of the signal that ended it.

        Raises ConnectorError if the fork server has ended: the connector cannot be imported, or it was killed.
        """
        if self._exit_code is None:
            answer = b""
            with contextlib.suppress(ConnectionResetError), self._control.makefile("rb") as lines:
                answer = lines.readline()
            if not answer:
                raise self._server.failure()
            self._exit_code = int(answer)
        return self._exit_code

    def close(self) -> None:
        """End the command if it is still running, wait for its end, and close its pipes and its socket."""
        self.stop()
        with contextlib.suppress(ConnectorError, OSError):
            self.wait()
        self._control.close()
        self.stdout.close()
        self._tail.close()

    def tail(self) -> str:
        """Return the last lines of the command's standard error so far; after `wait`, up to its end."""
        if self._exit_code is not None:
            self._tail.close()
        return self._tail.text()


class ForkServer:
    """The process that imports one connector and forks its commands."""

    def __init__(self, connector: Connector, directory: Path, memory: int = 0) -> None:
        """Start the process. `memory`: the most bytes of data that each of its commands may have; 0: no limit.

        Raises ConnectorError if the connector is not installed, or if its manifest is not the pinned one.
        """
        require_pinned(connector)
        self._connector = connector
        self._control, theirs = socket.socketpair()
        python = connector.environment / "bin" / "python"
        try:
            self._process = subprocess.Popen(
                [
                    python,
                    "-I",
                    "-X",
                    "utf8",
                    FORK_SERVER,
                    json.dumps(_options(connector, memory)),
                ],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=variables(connector, directory),
                cwd=directory,
                start_new_session=True,  # Ctrl-C must reach only airbyte-lite, which then ends the commands itself
            )
        except FileNotFoundError as error:
            self._control.close()
            raise ConnectorError(
                f"{connector.title} {connector.version} cannot be run: {python} not found. "
                f"Install {connector.lock} into {connector.environment}: `make demo` and `make dev` do this.",
                str(error),
            ) from error
        finally:
            theirs.close()
        self._tail = Tail(_stream(self._process.stderr))

    def start(self, argv: Sequence[str], directory: Path) -> Process:
        """Start a command in the given directory. Raises ConnectorError if the fork server has ended."""
        control, theirs = socket.socketpair()
        stdout, stdout_writer = os.pipe()
        stderr, stderr_writer = os.pipe()
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(PermissionError):  # this user's limit for pipe memory is reached
                fcntl.fcntl(stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        try:
            control.sendall(json.dumps({"argv": list(argv), "directory": str(directory)}).encode() + b"\n")
            socket.send_fds(self._control, [b"+"], [stdout_writer, stderr_writer, theirs.fileno()])
        except BrokenPipeError as error:
            control.close()
            os.close(stdout)
            os.close(stderr)
            raise self.failure() from error
        finally:
            theirs.close()
            os.close(stdout_writer)
            os.close(stderr_writer)
        return Process(stdout, os.fdopen(stderr, "rb"), control, self)

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def failure(self) -> ConnectorError:
        """Return the error that says why the fork server ended."""
        code = self._process.wait()
        self._tail.close()
        title = f"{self._connector.title} {self._connector.version}"
        if code == 0:
            return ConnectorError(f"{title} was ended because the server stops. Start the server, then the job again.")
        output = self._tail.text()
        if code < 0:
            reason = f"was killed by signal {-code}. Start the job again"
        else:
            last_line = output.strip().rpartition("\n")[2]
            reason = f"could not be imported from {self._connector.environment}: {last_line or f'exit code {code}'}"
        return ConnectorError(f"{title} {reason}. The last lines of its output are in the log.", output)

    def close(self) -> None:
        """End the fork server and its commands. If it does not end within 3 s, for example in an import, kill it."""
        self._control.close()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its commands see the closed pipe and end too
            self._process.wait()
        self._tail.close()


def require_pinned(connector: Connector) -> None:
    """Raise ConnectorError if a file of a low-code connector is not the pinned one, or if its code may not run."""
    faults = [pinned.fault() for pinned in (connector.manifest, connector.components) if pinned is not None]
    title = f"{connector.title} {connector.version} is not run:"
    if fault := next(filter(None, faults), ""):
        raise ConnectorError(
            f"{title} {fault}. The file was changed after it was added. If you did not change it, find out who did. "
            f"To fetch it again: make connector-remove name={connector.name} && make connector name={connector.name}"
        )
    if connector.components is not None and not connector.consent:
        raise ConnectorError(
            f"{title} its manifest needs Python code ({connector.components.path}), and its entry in connectors.toml "
            "has no components_consent. Add it again, which asks for the consent: "
            f"make connector-remove name={connector.name} && make connector name={connector.name}"
        )


def variables(connector: Connector, directory: Path) -> dict[str, str]:
    """Return the environment of a connector's fork server, whose home is the directory."""
    return passed_on() | {
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "NLTK_DATA": str(connector.language_data),
        "OPENBLAS_NUM_THREADS": "1",  # OpenBLAS would start threads before the fork
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # the default pool reserves 1 GiB, which counts against `memory`
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS looks up proxies in a framework that refuses forks
    }


def _options(connector: Connector, memory: int) -> dict[str, object]:
    options: dict[str, object] = {"command": connector.command, "memory": memory}
    if connector.repaired:
        options |= {"package": str(PACKAGE), "before": BEFORE, "changes": CHANGES}
    if connector.manifest is not None:
        options |= {"manifest": str(connector.manifest.path), "low_code": str(LOW_CODE)}
        options["components"] = str(connector.code) if connector.code is not None else None
    return options


class Tail:
    """Reads a stream in a thread and keeps its last bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._kept = b""
        self._thread = threading.Thread(target=self._drain, name="connector stderr", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        with self._stream:
            while chunk := os.read(self._stream.fileno(), TAIL_BYTES):
                self._kept = (self._kept + chunk)[-TAIL_BYTES:]

    def text(self) -> str:
        """Return the last TAIL_BYTES so far."""
        return self._kept.decode(errors="replace")

    def close(self) -> None:
        """Wait for the end of the stream."""
        self._thread.join()


def _stream(pipe: IO[bytes] | None) -> BinaryIO:
    assert pipe is not None  # noqa: S101 - the process was started with stderr=PIPE
    return pipe  # type: ignore[return-value]
