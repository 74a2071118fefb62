"""The script that makes a base image where no registry answers."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.stack import images


@pytest.mark.parametrize(("code", "named"), [(0, True), (1, False)])
def test_a_base_image_gets_its_name_only_when_it_is_whole(tmp_path: Path, code: int, named: bool) -> None:
    """Docker imports empty input as an empty image. Under the final name, the next run would take it for complete."""
    calls = tmp_path / "calls"
    commands = {
        "mmdebstrap": f"echo tar; exit {code}",
        "docker": f'cat >/dev/null; echo "$@" >> {calls}; echo sha256:1',
    }
    for name, script in commands.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    command = [str(images.STAND_IN / "debian.sh"), "debian:trixie-slim", "trixie"]
    result = subprocess.run(command, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, stdin=subprocess.DEVNULL)
    assert result.returncode == code
    assert ("debian:trixie-slim" in calls.read_text()) is named
