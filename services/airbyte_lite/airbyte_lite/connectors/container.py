"""A running command of a connector that is an image."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from airbyte_lite.connectors.engine import PATIENCE, Engine
from airbyte_lite.connectors.output import Output
from airbyte_lite.connectors.process import PIPE_BYTES, TAIL_BYTES
from airbyte_lite.connectors.registry import Connector, Image

if TYPE_CHECKING:
    from docker.types.daemon import CancellableStream


class Container:
    """One running command of a connector, in a container of its own."""

    def __init__(
        self, engine: Engine, connector: Connector, image: Image, argv: Sequence[str], files: dict[str, bytes]
    ) -> None:
        """Start the command, with its files in the folder engine.FILES. Raises ConnectorError."""
        self._engine = engine
        self._connector = connector
        self._container, attached = engine.attach(connector, image, argv, files)
        read, write = os.pipe()
        self.output = Output(read)
        self.stdout = io.BufferedReader(self.output, PIPE_BYTES)
        self._exit_code: int | None = None
        self._stderr = b""
        self._copier = threading.Thread(
            target=self._copy, args=(attached, write), name="connector container", daemon=True
        )
        self._copier.start()

    def stop(self) -> None:
        """End the container: SIGTERM, SIGKILL after 5 s. Returns at once. Does nothing after its end."""
        threading.Thread(target=self._engine.stop, args=(self._container, PATIENCE), daemon=True).start()

    def wait(self) -> int:
        """Wait for the end of the container; return its exit code, or the negative number of the signal that ended it.

        Raises ConnectorError if the connection to the engine was lost, or if the container needed too much memory.
        """
        if self._exit_code is None:
            self._copier.join()
            self._exit_code = self._engine.exit_code(self._connector, self._container)
        return self._exit_code

    def close(self) -> None:
        """End the command if it is still running, and remove its container with its files."""
        self.stdout.close()  # from now on the output is read and dropped, so that no full pipe delays the end
        if self._exit_code is None:
            self._engine.stop(self._container)
        self._engine.remove(self._container)
        self._copier.join()

    def tail(self) -> str:
        """Return the last lines of the command's standard error so far; after `wait`, up to its end."""
        return self._stderr.decode(errors="replace")

    def _copy(self, attached: CancellableStream[tuple[bytes | None, bytes | None]], write: int) -> None:
        """Copy the container's standard output into the pipe, and keep the end of its standard error."""
        with contextlib.closing(attached), os.fdopen(write, "wb", 0) as pipe:
            wanted = True
            for stdout, stderr in attached:
                if stderr:
                    self._stderr = (self._stderr + stderr)[-TAIL_BYTES:]
                if stdout and wanted:
                    wanted = _written(pipe, stdout)
            response = cast("Any", attached)._response
            response.close()  # close() of the stream leaves a descriptor open


def _written(pipe: io.FileIO, data: bytes) -> bool:
    """Write everything; return False if nobody reads any more."""
    try:
        view = memoryview(data)
        while view:
            view = view[pipe.write(view) or 0 :]
    except BrokenPipeError:
        return False
    return True
