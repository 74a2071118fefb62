"""The engine that the end-to-end tests run on, and the platform that they share."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException
from docker.models.images import Image
from testcontainers.core.image import DockerImage

from .raw_http import Address
from .stack import Stack

ROOT = Path(__file__).resolve().parents[2]

# Testcontainers' own cleaner needs an image from a registry. The fixtures remove what they make, and tests compare all
# that is on the engine.
os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"

CERTIFICATES = {name: os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")}


@pytest.fixture(scope="session", autouse=True)
def certificates() -> Iterator[None]:
    """Let the commands verify the servers from which they install packages.

    The integration tests of the same session do without certificates until its end (`no_certificates`).
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CERTIFICATES.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """The Docker engine, asked directly: what a test finds there is the truth."""
    try:
        client = docker.from_env()
    except DockerException as error:
        pytest.fail(f"No Docker engine answers ({error}). Install or start one: make docker-engine")
    with contextlib.closing(client):
        yield client


@pytest.fixture(scope="session")
def stack(engine: docker.DockerClient, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """A copy of the checkout in a temporary folder, not started; whatever happens, nothing of it is left running."""
    with tempfile.TemporaryDirectory(prefix="e2e") as folder:
        stack = Stack(Path(folder), engine)
        stack.copy()
        try:
            yield stack
            if request.session.testsfailed:
                stack.keep_evidence()
        finally:
            stack.try_make("reset", "CI=true")
            for image in engine.images.list(filters={"reference": f"{stack.project}-*"}):
                engine.images.remove(str(image.id), force=True)


@pytest.fixture(scope="session")
def first_up(stack: Stack) -> str:
    """What `make up` printed when it started the platform for the first time."""
    return stack.make("up")


@pytest.fixture(scope="session")
def first_run(stack: Stack, first_up: str) -> str:
    """What the first `make run` printed."""
    return stack.make("run")


@pytest.fixture(scope="session")
def running(stack: Stack, first_run: str) -> Stack:
    """The platform, up and with one successful run behind it."""
    return stack


@contextlib.contextmanager
def stand_in(engine: docker.DockerClient, dockerfile: bytes, tag: str, name: str) -> Iterator[Image]:
    """An image, and a network called `name`. At the end they and the containers and volumes of the test are removed."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_bytes(dockerfile)
        with DockerImage(folder, tag=tag) as built:
            image = built.get_wrapped_image()
            network = engine.networks.create(name)
            try:
                yield image
            finally:
                for container in engine.containers.list(all=True, filters={"ancestor": str(image.id)}):
                    container.remove(force=True)
                network.remove()
                for volume in engine.volumes.list(filters={"name": name}):
                    volume.remove()


@contextlib.contextmanager
def socket_proxy(log: Path, **settings: str) -> Iterator[Address]:
    """The socket proxy as a process, at most two containers at once; its address."""
    engine = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    settings |= {"host": "127.0.0.1", "port": "0", "max_workers": "2", "socket": engine}
    variables = {f"PROXY_{name.upper()}": value for name, value in settings.items()}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "socket_proxy"],
            env=variables,
            stderr=output,
        )
    try:
        while not (found := re.search(r"listening on \('127.0.0.1', (\d+)\)", log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield "127.0.0.1", int(found[1])
    finally:
        process.terminate()
        assert process.wait(10) == 0
