"""`make demo` and `make dev`: one of each at a time in a checkout, and what other commands see of a dev that runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import claims, dev

ROOT = Path(__file__).resolve().parents[3]

# What `make dev` does: it claims its folder, says where it is, runs.
HOLD = """
import sys
from pathlib import Path
from local import claims
directory = Path(sys.argv[1])
with claims.claim(directory):
    claims.environment_file(directory).write_text('{"BQ_PROJECT": "of the running one"}')
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A run in another process, on a folder that is taken for `make dev`'s."""
    directory = tmp_path / "dev"
    directory.mkdir()
    for module in (claims, dev):
        monkeypatch.setattr(module, "DEVELOPMENT", directory)
    command = [sys.executable, "-c", HOLD, str(directory)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tools")}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process


def test_a_second_run_is_refused(running: subprocess.Popen[bytes]) -> None:
    with pytest.raises(claims.ClaimedError, match="`make dev` runs already"), claims.claim(claims.DEVELOPMENT):
        pass


def test_a_second_make_dev_leaves_the_first_ones_address(
    running: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "interruptible", lambda: None)
    assert dev.main() == 1
    assert "Ctrl-C" in capsys.readouterr().err
    assert claims.development() == {"BQ_PROJECT": "of the running one"}


def test_one_that_was_killed_does_not_count(running: subprocess.Popen[bytes]) -> None:
    running.kill()
    running.wait()
    assert claims.environment_file(claims.DEVELOPMENT).exists()
    assert claims.development() is None
