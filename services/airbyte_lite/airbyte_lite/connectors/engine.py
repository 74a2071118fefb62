"""The Docker engine that runs the connectors that are images.

On Docker Compose it is reached through the socket proxy (`services/socket_proxy`, its policy for image connectors),
which checks the bodies that are sent here and sets the platform's limits. Otherwise it is the engine of the machine
(DOCKER_HOST, or the usual socket).
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airbyte_lite.connectors import creation
from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.connectors.registry import Connector, Image

if TYPE_CHECKING:
    from docker.types.daemon import CancellableStream

Client = Any
"""A docker.APIClient. Its type stubs are not complete."""
LABEL = "data-platform.connector"
"""The label of the containers. Its value is the server that started them; the proxy sets the platform's instead."""
SECONDS = 60
"""Time for an answer of the engine."""
GRACE = 5
"""Seconds from SIGTERM to SIGKILL."""
PATIENCE = (1, 2, 4, 8, 16, 32)
"""Seconds between the attempts to end a container while the engine does not do it."""
EXIT_SECONDS = 10
"""Longest time from the end of a container's output to the end of the container."""


class Engine:
    """Creates, starts and removes containers of connectors. Connects when the first one is needed."""

    def __init__(self, owner: str, memory: int) -> None:
        """Take the value of the containers' label, and the most bytes that one container may have (0: no limit)."""
        self._owner = owner
        self._memory = memory
        self._lock = threading.Lock()
        self._connecting = threading.Lock()
        self._client: Client | None = None
        self._patient: Client | None = None  # for calls that last as long as a connector
        self._running: set[str] = set()
        self._left: set[str] = set()  # containers that could not be removed yet
        self._closed = False

    def attach(self, connector: Connector, image: Image, argv: Sequence[str], files: dict[str, bytes]) -> Attached:
        """Create a container, put the files into it, start it, and return its id and its output.

        Raises ConnectorError if no engine answers, or if the image is missing or not the pinned one.
        """
        from docker.errors import DockerException

        with self.errors(connector):
            client, patient = self._clients()
            for left in list(self._left):
                self.remove(left)
            identifier = self._require_pinned(client, connector, image)
            container = client.create_container(
                image.reference,
                list(argv),
                environment=creation.environment(),
                working_dir=creation.WORK,
                labels={LABEL: self._owner},
                host_config=client.create_host_config(**creation.host_config(argv[0], self._memory)),
            )["Id"]
            with self._lock:
                self._running.add(container)
            try:
                if self._closed:
                    raise DockerException("the server stops")
                if (created := client.inspect_container(container)["Image"]) != identifier:  # the tag has moved
                    raise ConnectorError(_other_image(connector, image, created))
                client.put_archive(container, creation.FILES, creation.archive(files))
                output = patient.attach(container, stream=True, demux=True)
                client.start(container)
            except BaseException:
                self.remove(container)
                raise
        return container, output

    def ready(self) -> None:
        """Connect, and remove the containers that a killed server left. Does nothing without an engine."""
        with contextlib.suppress(ConnectorError), self.errors(None):
            self._clients()

    def stop(self, container: str, patience: Sequence[float] = ()) -> None:
        """End a container: SIGTERM, then SIGKILL after GRACE seconds. Waits for the end.

        After each failure it waits for the next number of seconds in `patience`, then tries again.
        """
        for seconds in (0, *patience):
            time.sleep(seconds)
            if container not in self._running:
                return
            with contextlib.suppress(ConnectorError), self.errors(None):
                self._clients()[1].stop(container, GRACE)
                return

    def exit_code(self, connector: Connector, container: str) -> int:
        """Return the exit code of a container whose output has ended. Its init process holds the output to the end.

        Raises ConnectorError if the connection to the engine was lost, so that output may be missing.
        """
        import requests

        with self.errors(connector):
            client, _ = self._clients()
            client.inspect_container(container)  # fails at once if the output ended because the engine is gone
            try:
                code = int(client.wait(container, timeout=EXIT_SECONDS)["StatusCode"])
            except requests.RequestException as error:
                if not client.inspect_container(container)["State"]["Running"]:
                    raise
                raise ConnectorError(
                    f"{_title(connector)} was stopped, because the connection to its output was lost. Start the "
                    "job again.",
                    failure_type="transient_error",
                ) from error
            if code and client.inspect_container(container)["State"].get("OOMKilled"):
                raise ConnectorError(
                    f"{_title(connector)} needed more memory than a connector may have, so it was ended. To allow "
                    "more, set AIRBYTE_LITE_CONNECTOR_MEMORY_MIB."
                )
        return 128 - code if 128 < code < 128 + 32 else code  # 137: killed by signal 9

    def remove(self, container: str) -> None:
        """Remove a container and the volume with its files, also while it runs.

        A container that cannot be removed now is removed before the next command, or when the server stops.
        """
        from docker.errors import NotFound

        removed = False
        with contextlib.suppress(ConnectorError), self.errors(None):
            with contextlib.suppress(NotFound):
                self._clients()[0].remove_container(container, v=True, force=True)
            removed = True
        with self._lock:
            self._running.discard(container)
            (self._left.discard if removed else self._left.add)(container)

    def close(self) -> bool:
        """Remove every container that runs; return whether none is left. Later commands are refused."""
        with self._lock:
            self._closed = True
            running = list(self._running | self._left)
        for container in running:
            self.remove(container)
        for client in filter(None, (self._client, self._patient)):
            client.close()
        return self._client is not None and not self._left

    @contextlib.contextmanager
    def errors(self, connector: Connector | None) -> Iterator[None]:
        """Turn the engine's errors into ConnectorErrors."""
        import requests
        from docker.errors import APIError, DockerException

        title = _title(connector) if connector is not None else "The connector"
        try:
            yield
        except (DockerException, requests.RequestException, OSError) as error:
            if self._closed:
                text = f"{title} was ended because the server stops. Start the server, then the job again."
                raise ConnectorError(text) from error
            if isinstance(error, APIError):
                reason = error.explanation or str(error)
                raise ConnectorError(
                    f"{title} could not be run by the Docker engine: {reason}", str(error), "transient_error"
                ) from error
            raise ConnectorError(
                f"{title} is an image, and no Docker engine answers at {self._address()}. Start Docker, or set "
                "DOCKER_HOST to the engine's address. Without Docker, use connectors that are not images.",
                str(error),
                "transient_error",
            ) from error

    def pull(self, reference: str) -> Image:
        """Return an image with what pins it; pull it if the engine does not have it. Raises ConnectorError."""
        from docker.errors import ImageNotFound

        with self.errors(None):
            client, patient = self._clients()
            try:
                found = client.inspect_image(reference)
            except ImageNotFound:
                for line in patient.pull(*reference.rsplit(":", 1), stream=True, decode=True):
                    if "error" in line:  # the engine answers 200 before it pulls
                        text = f"{reference} could not be pulled: {line['error']}"
                        raise ConnectorError(text, failure_type="transient_error") from None
                found = client.inspect_image(reference)
        repository = reference.rpartition(":")[0]
        digests = [one.rpartition("@")[2] for one in found.get("RepoDigests") or [] if one.startswith(f"{repository}@")]
        return Image(reference, digests[0] if digests else "", found["Id"])

    def _address(self) -> str:
        return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"

    def _clients(self) -> tuple[Client, Client]:
        """Return the clients of the engine. The first call removes the containers that a killed server left."""
        with self._connecting:
            if self._client is None or self._patient is None:
                from docker import APIClient
                from docker.errors import DockerException
                from docker.utils import kwargs_from_env

                connect: Any = APIClient
                given = kwargs_from_env()
                client = connect(version="auto", timeout=SECONDS, **given)
                for left in client.containers(all=True, filters={"label": f"{LABEL}={self._owner}"}):
                    try:
                        client.remove_container(left["Id"], v=True, force=True)
                    except DockerException:
                        self._left.add(left["Id"])
                self._patient = connect(version=client.api_version, timeout=None, **given)
                self._client = client
            return self._client, self._patient

    def _require_pinned(self, client: Client, connector: Connector, image: Image) -> str:
        """Return the engine's id of the image. Raises ConnectorError if it is missing or not the pinned one."""
        from docker.errors import ImageNotFound

        try:
            found = client.inspect_image(image.reference)
        except ImageNotFound as error:
            raise ConnectorError(
                f"{_title(connector)} is the image {image.reference}, and the Docker engine does not have it: "
                f"docker pull {image.reference}"
            ) from error
        if not image.is_the_pinned(found["Id"], found.get("RepoDigests") or []):
            raise ConnectorError(_other_image(connector, image, found["Id"]))
        return str(found["Id"])


Attached = tuple[str, "CancellableStream[tuple[bytes | None, bytes | None]]"]
"""A container's id, and its output: pieces of standard output or of standard error."""


def _title(connector: Connector) -> str:
    return f"{connector.title} {connector.version}"


def _other_image(connector: Connector, image: Image, identifier: str) -> str:
    return (
        f"{_title(connector)} is not run: {image.reference} is now the image {identifier}, but {image.identifier} "
        f"({image.digest or 'without a digest of a registry'}) is expected. To take the new one: make connector-remove "
        f"name={connector.name} && make connector name={connector.name}"
    )
