"""The engine that the end-to-end tests run on."""

from collections.abc import Iterator

import docker
import pytest
from docker.errors import DockerException


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """The Docker engine, asked directly: what a test finds there is the truth."""
    try:
        client = docker.from_env()
    except DockerException as error:
        pytest.fail(f"No Docker engine answers ({error}). Install or start one: make docker-engine")
    yield client
    client.close()
