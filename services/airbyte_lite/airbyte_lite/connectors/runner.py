"""Runs the commands of the Airbyte protocol: spec, check, discover and read."""

import hashlib
import math
import shutil
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from airbyte_lite.connectors.container import Container
from airbyte_lite.connectors.creation import FILES
from airbyte_lite.connectors.ending import ending
from airbyte_lite.connectors.engine import Engine
from airbyte_lite.connectors.explanation import Explanation, of_files
from airbyte_lite.connectors.process import ForkServer, Running
from airbyte_lite.connectors.protocol import (
    ConnectorError,
    OverdueError,
    abandoned_file_of,
    configuration_of,
    error_of,
    explained,
    parse_message,
)
from airbyte_lite.connectors.registry import Connector, Image
from platform_kit.specification import UnresolvedError, resolved

__all__ = ["CheckResult", "ConnectorError", "ConnectorRunner", "Limits", "Read", "Silence"]

COMMAND_SECONDS = 600.0
"""Time limit of spec, check and discover. Connectors retry for minutes when a server does not answer."""
RECORD = b'{"type":"RECORD",'
"""Start of a record as airbyte-cdk writes it. `Read` does not parse these lines: almost every line is one."""
LINES_KEPT = 30
"""Number of last output lines in the error of a connector that ends without an error message."""


@dataclass(frozen=True)
class Silence:
    """The longest times in seconds for which a connector may write nothing. Then it is ended."""

    command: float = math.inf
    """For spec, check and discover."""
    read: float = math.inf


@dataclass(frozen=True)
class Limits:
    """What one command of a connector may use."""

    read_seconds: float = math.inf
    """Longest time of a read in seconds, even if the connector still writes. The other commands have
    COMMAND_SECONDS.
    """
    memory: int = 0
    """Most bytes of data of a command; 0: no limit."""


@dataclass(frozen=True)
class CheckResult:
    """The result of a connector's check command."""

    succeeded: bool
    message: str
    """The connector's reason for a failure; empty after a success."""


class Read:
    """A running read command. Iteration yields its raw output lines until it ends."""

    def __init__(self, process: Running) -> None:
        self._process = process
        self.exit_code: int | None = None
        """After iteration: 0, the connector's error code, or the negative number of the signal that ended it."""
        self._abandoned: list[ConnectorError] = []
        self._explanation = Explanation()
        self.configuration_update: dict[str, Any] | None = None
        """The newest configuration that the connector sent in a CONTROL message during the iteration so far."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield each line: one protocol message, or other text. Only the text of a failure is changed: it is explained.

        Raises ConnectorError if the connector cannot be imported or its process was killed, and after the last line if
        the connector skipped a file because of an error.
        """
        for line in self._process.stdout:
            yield line if line.startswith(RECORD) else self._noted(line)
        self.exit_code = self._process.wait()
        if error := of_files(self._abandoned):
            raise error

    def _noted(self, line: bytes) -> bytes:
        if (message := parse_message(line)) is None:
            return line
        self.configuration_update = configuration_of(message) or self.configuration_update
        if abandoned := abandoned_file_of(message):
            self._abandoned.append(abandoned)
            if error := of_files([abandoned]):  # the log has each file with its reason, also if there are many
                message["log"]["message"] = error.message
                line = orjson.dumps(message) + b"\n"
        self._explanation.note(message)
        return explained(message, self._explanation.of) or line

    def follow_quiet(self, on_quiet: Callable[[bool], object]) -> None:
        """Call `on_quiet` with True when the connector has written nothing for some seconds, with False after that."""
        self._process.output.on_quiet = on_quiet

    def stop(self) -> None:
        """End the connector's process group (SIGTERM, SIGKILL after 5 s). Returns at once; any thread may call it."""
        self._process.stop()

    @property
    def stderr(self) -> str:
        """The last lines of the connector's standard error."""
        return self._process.tail()


Follow = Callable[[Read], object]


def _ignore(_read: Read) -> None: ...


class ConnectorRunner:
    """Runs connector commands.

    Each installed connector in use has a fork server, which starts commands without the import. A connector that is an
    image has a container for each command.
    """

    def __init__(self, work_dir: Path, silence: Silence | None = None, limits: Limits | None = None) -> None:
        self._silence = silence or Silence()
        self._limits = limits or Limits()
        self._commands = work_dir.absolute() / "commands"
        self._home = work_dir.absolute() / "home"
        for directory in (self._commands, self._home):
            shutil.rmtree(directory, ignore_errors=True)  # may hold configurations of a killed server
            directory.mkdir(parents=True, mode=0o700)
        self._engine = Engine(_owner(work_dir), self._limits.memory)
        self._containers = work_dir.absolute() / "containers"
        """A file that exists while containers run. A server that finds it at its start removes the containers that a
        killed server left.
        """
        self._lock = threading.Lock()
        self._servers: dict[str, ForkServer] = {}
        self._specs: dict[Connector, dict[str, Any]] = {}
        self._spec_locks: defaultdict[Connector, threading.Lock] = defaultdict(threading.Lock)

    def spec(self, connector: Connector) -> dict[str, Any]:
        """Return the connector's specification: connectionSpecification, documentationUrl and more.

        The connector is asked once; later calls return the same specification. Raises ConnectorError.
        """
        with self._lock:
            lock = self._spec_locks[connector]
        with lock:  # many requests may need the specification at once; one command is enough
            if connector not in self._specs:
                self._specs[connector] = _resolved(connector, self._ask(connector, "spec", "spec"))
            return self._specs[connector]

    def check(self, connector: Connector, configuration: dict[str, Any], follow: Follow = _ignore) -> CheckResult:
        """Run the connector's check with a configuration. Raises ConnectorError if the check gives no result.

        `follow` receives the running command, so that the caller can stop it. A stopped check raises ConnectorError.
        """
        status = self._ask(connector, "check", "connectionStatus", follow, config=configuration)
        return CheckResult(status["status"] == "SUCCEEDED", status.get("message") or "")

    def discover(
        self, connector: Connector, configuration: dict[str, Any], follow: Follow = _ignore
    ) -> list[dict[str, Any]]:
        """Return the streams of a source as AirbyteStream objects. Raises ConnectorError. `follow`: see `check`."""
        catalog = self._ask(connector, "discover", "catalog", follow, config=configuration)
        streams: list[dict[str, Any]] = catalog["streams"]
        return streams

    def read(
        self,
        connector: Connector,
        configuration: dict[str, Any],
        catalog: dict[str, Any],
        state: list[dict[str, Any]],
        others: dict[str, Any] | None = None,
    ) -> AbstractContextManager[Read]:
        """Start a read of the streams in a ConfiguredAirbyteCatalog, from the given AirbyteStateMessage objects.

        `others` are further files in the connector's directory: their names and JSON values. The end of the context
        ends the connector, also after an exception. Raises ConnectorError.
        """
        return self._read(connector, {"config": configuration, "catalog": catalog, "state": state}, others or {})

    @contextmanager
    def _read(self, connector: Connector, files: dict[str, Any], others: dict[str, Any]) -> Iterator[Read]:
        with self._command(connector, "read", files, others) as process:
            yield Read(process)

    def remove_left_containers(self) -> None:
        """Remove the containers of connectors that a killed server left, in the background.

        A server that never started one does not ask for an engine: there may be none.
        """
        if self._containers.exists():
            threading.Thread(target=self._engine.ready, daemon=True).start()

    def pull(self, reference: str) -> Image:
        """Return an image with what pins it; pull it if the engine does not have it. Raises ConnectorError."""
        return self._engine.pull(reference)

    def close(self) -> None:
        """End every connector process and every container."""
        if self._engine.close():
            self._containers.unlink(missing_ok=True)
        with self._lock:
            for server in self._servers.values():
                server.close()
            self._servers.clear()

    def _ask(
        self, connector: Connector, command: str, answer: str, follow: Follow = _ignore, **files: Any
    ) -> dict[str, Any]:
        """Run a command and return the body of its answer. Raises ConnectorError."""
        body: dict[str, Any] | None = None
        error: ConnectorError | None = None
        lines: deque[bytes] = deque(maxlen=LINES_KEPT)
        deadline = time.monotonic() + COMMAND_SECONDS
        with self._command(connector, command, files) as process:
            read = Read(process)
            follow(read)
            timer = threading.Timer(COMMAND_SECONDS, read.stop)
            timer.start()
            try:
                for line in read:
                    lines.append(line)
                    if message := parse_message(line):
                        body = message.get(answer) or body
                        error = error_of(message) or error
            finally:
                timer.cancel()
        if body is not None:
            return body
        if error is not None:
            raise error
        last_lines = b"".join(lines).decode(errors="replace") + read.stderr
        end = "The last lines of the connector's output are in the log."
        if time.monotonic() >= deadline:
            told = f"did not end within {COMMAND_SECONDS:g} s and was stopped"
            raise OverdueError(f"{connector.title}: command {command} {told}. {end}", last_lines, "transient_error")
        told = f"{ending(read.exit_code)}, without a result"
        raise ConnectorError(f"{connector.title}: command {command} {told}. {end}", last_lines)

    @contextmanager
    def _command(
        self, connector: Connector, command: str, files: dict[str, Any], others: dict[str, Any] | None = None
    ) -> Iterator[Running]:
        """Run a command in a private directory with its files. The directory is removed afterwards.

        The command line names `files`, not `others`.
        """
        contents = {f"{option}.json": content for option, content in files.items()} | (others or {})
        written = {name: orjson.dumps(content) for name, content in contents.items()}
        directory = Path(tempfile.mkdtemp(dir=self._commands))
        try:
            process = self._started(connector, command, list(files), written, directory)
            process.output.silence = self._silence.read if command == "read" else self._silence.command
            process.output.silence_error = _silent(connector, command, process.output.silence)
            if command == "read":
                process.output.deadline = time.monotonic() + self._limits.read_seconds
                process.output.deadline_error = _overdue(connector, self._limits.read_seconds)
            try:
                yield process
            finally:
                process.close()
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _started(
        self, connector: Connector, command: str, options: Sequence[str], files: dict[str, bytes], directory: Path
    ) -> Running:
        """Start a command with its files: in a container, or forked with the files in the directory."""
        folder = directory if connector.image is None else PurePosixPath(FILES)
        argv = [command, *(part for option in options for part in (f"--{option}", str(folder / f"{option}.json")))]
        if connector.image is not None:
            self._containers.touch()
            return Container(self._engine, connector, connector.image, argv, files)
        for name, content in files.items():
            path = directory / name
            path.touch(mode=0o600)
            path.write_bytes(content)
        return self._server(connector).start(argv, directory)

    def _server(self, connector: Connector) -> ForkServer:
        """Return the connector's fork server; start one if none runs."""
        with self._lock:
            server = self._servers.get(connector.name)
            if server is None or not server.alive:
                if server is not None:
                    server.close()
                server = self._servers[connector.name] = ForkServer(connector, self._home, self._limits.memory)
            return server


def _owner(work_dir: Path) -> str:
    """Return the label value of this server's containers. It comes from the server's own folder."""
    return hashlib.sha256(str(work_dir.absolute()).encode()).hexdigest()[:32]


def _resolved(connector: Connector, specification: dict[str, Any]) -> dict[str, Any]:
    """Return the specification without references. Raises ConnectorError."""
    schema = specification.get("connectionSpecification") or {}
    try:
        return {**specification, "connectionSpecification": resolved(schema, schema)}
    except UnresolvedError as error:
        message = f"The specification of {connector.title} {connector.version} is not valid: {error}."
        raise ConnectorError(message) from error


def _silent(connector: Connector, command: str, seconds: float) -> ConnectorError:
    setting = "AIRBYTE_LITE_SYNC_SILENCE" if command == "read" else "AIRBYTE_LITE_COMMAND_SILENCE"
    return OverdueError(
        f"{connector.title} {connector.version} wrote nothing for {seconds:g} s, so its command {command} was ended. "
        f"Check that the source answers at the address in its configuration. If it needs more time, set {setting}.",
        failure_type="transient_error",
    )


def _overdue(connector: Connector, seconds: float) -> ConnectorError:
    return OverdueError(
        f"{connector.title} {connector.version} read for {seconds / 3600:g} hours, so it was ended. If a "
        "sync needs more time, set AIRBYTE_LITE_SYNC_HOURS.",
        failure_type="transient_error",
    )
