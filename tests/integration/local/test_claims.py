"""`make demo` and `make dev`: a checkout runs one of each at a time, and other commands find the running `make dev`."""

import fcntl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.local import claims, dev

ROOT = Path(__file__).resolve().parents[3]

# What `make dev` does: it claims its folder, says where it is, runs.
HOLD = """
import sys
from pathlib import Path
from tools.local import claims
directory = Path(sys.argv[1])
with claims.claim(directory):
    claims.environment_file(directory).write_text('{"BQ_PROJECT": "of the running one"}')
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A process that claims a folder as `make dev` does."""
    directory = tmp_path / "dev"
    directory.mkdir()
    for module in (claims, dev):
        monkeypatch.setattr(module, "DEVELOPMENT", directory)
    command = [sys.executable, "-c", HOLD, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process


def test_a_second_run_is_refused(running: subprocess.Popen[bytes]) -> None:
    with pytest.raises(claims.ClaimedError, match="`make dev` is already running"), claims.claim(claims.DEVELOPMENT):
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


def test_a_start_outwaits_commands_that_only_look(tmp_path: Path) -> None:
    """`make run` and `make sql` look whether `make dev` runs by taking the lock for a moment."""
    directory = tmp_path / "dev"
    claims.lock_file(directory).touch()
    with claims.lock_file(directory).open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        threading.Timer(0.1, looking.close).start()
        with claims.claim(directory):
            assert claims.is_claimed(directory)


def test_variables_of_a_run_that_ends_while_they_are_looked_up(
    running: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    claims.environment_file(claims.DEVELOPMENT).unlink()
    assert claims.development() is None
    claims.publish(claims.DEVELOPMENT, {"BQ_PROJECT": "again"})
    assert claims.development() == {"BQ_PROJECT": "again"}
    assert [path.name for path in claims.DEVELOPMENT.iterdir()] == ["environment.json"]
