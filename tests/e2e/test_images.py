"""What the images of our services are built from."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "platform-e2e-connectors"
ADDED = ["source-one", "source-two"]


@pytest.fixture
def image(engine: docker.DockerClient, tmp_path: Path) -> Iterator[str]:
    """The stage that installs connectors, built from a checkout with two connectors, whose locks are empty."""
    (tmp_path / "services").mkdir()
    shutil.copy(ROOT / "services/Dockerfile", tmp_path / "services")
    for name in ADDED:
        folder = tmp_path / "services/airbyte_lite/connectors" / name
        folder.mkdir(parents=True)
        (folder / "requirements.txt").write_text("# no packages\n")
    mirrors = ["--build-arg", "PIP_INDEX_URL", "--build-arg", "UV_DEFAULT_INDEX"]
    options = ["--quiet", "--tag", IMAGE, "--file", "services/Dockerfile", "--target", "build-airbyte_lite"]
    # BuildKit, which Docker's Python client does not speak.
    subprocess.run(["docker", "build", *options, *mirrors, "."], cwd=tmp_path, check=True, timeout=300)
    yield IMAGE
    engine.images.remove(IMAGE, force=True)


def test_every_connector_that_was_added_is_in_the_image(engine: docker.DockerClient, image: str) -> None:
    look = "cd /opt/connectors && for name in *; do $name/bin/python --version > /dev/null && echo $name; done"
    said = engine.containers.run(image, ["sh", "-c", look], remove=True)
    assert said.decode().split() == ADDED
