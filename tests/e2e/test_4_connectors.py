"""From nothing to a synced table by `make connector`, one pasted block, `make up` and `make run`."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from .conftest import stand_in
from .image_connector import DOCKERFILE, ENTRY, IMAGE, NAME
from .stack import Filters, Stack

MOST_SECONDS = 180
FAKER = {
    "sourceDefinitionId": "dfd88b22-b603-4c3d-aad7-3701784586b1",
    "name": "Sample Data",
    "dockerRepository": "airbyte/source-faker",
    "dockerImageTag": "7.2.1",
    "remoteRegistries": {"pypi": {"enabled": True, "packageName": "airbyte-source-faker"}},
}


@pytest.fixture(scope="session")
def _image(engine: docker.DockerClient) -> Iterator[None]:
    """The stand-in's image, until the end of all tests: every `make up` asks for the images in connectors.toml."""
    # test_image_connectors uses another name for its network: two networks of an engine cannot have the same name.
    with stand_in(engine, DOCKERFILE.encode(), IMAGE, f"{NAME}-platform"):
        yield


def paste(stack: Stack, said: str) -> None:
    """Put the block that `make connector` has shown at the end of connections.yaml."""
    (block,) = re.findall(r"^  - name: .*?(?=^\S|^  \S[^\n]*: the name|\Z)", said, re.MULTILINE | re.DOTALL)
    with (stack.folder / "connections.yaml").open("a") as file:
        file.write(f"\n{block.rstrip()}\n")


@pytest.mark.usefixtures("_image")
def test_from_nothing_to_a_table(running: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package on PyPI, and an image, which airbyte-lite runs through its socket proxy."""
    registry = tmp_path / "oss_registry.json"
    registry.write_text(json.dumps({"sources": [ENTRY, FAKER], "destinations": []}))
    monkeypatch.setenv("AIRBYTE_REGISTRY", str(registry))
    started = time.monotonic()
    for name in ("source-faker", f"source-{NAME}"):
        paste(running, running.make("connector", f"name={name}", "yes=1"))
    running.make("up")
    running.make("run")
    taken = time.monotonic() - started
    assert running.rows("select (select count(*) from {0}.users), (select count(*) from {0}.people)") == [(1000, 3)]
    print(f"from nothing to the tables of two connectors: {taken:.0f} s")
    assert taken < MOST_SECONDS
    labels: Filters = {"label": f"data-platform.connector={running.project}"}
    assert not running.engine.containers.list(all=True, filters=labels)
