"""The engine that the end-to-end tests run on, and the platform that they share."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException

from .stack import Stack


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
def running(stack: Stack) -> Stack:
    """The platform, up and with one successful run behind it."""
    stack.make("up")
    stack.make("run")
    return stack
