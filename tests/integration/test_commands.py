"""Forks of a warm Python end as new processes do. The warm Python has imported nothing, so it starts at once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.local import marked
from tools.local.platform import python

from . import commands
from .commands import Commands
from .processes import alive, wait_until
from .warm_servers import WarmServers

ENVIRONMENT = {"PATH": os.environ["PATH"], marked.VARIABLE: "none"}
INNER = "import os, pathlib, time; pathlib.Path('number').write_text(f'{os.getpid()} '); time.sleep(60)"
OUTER = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {INNER!r}])"
SERVICE = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {OUTER!r}])"
# A program that is started in the background of a shell, as by a CI, ignores SIGINT.
INTERRUPTED = (
    "import os, signal, time; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "os.kill(os.getpid(), signal.SIGINT); time.sleep(10)"
)
# Prints the warm Python from which it was forked: the parent of the process that attends to it.
WARM = "import os, pathlib; print(pathlib.Path(f'/proc/{os.getppid()}/stat').read_text().rpartition(')')[2].split()[1])"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="services are forks on Linux only")


@pytest.fixture
def forks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    """Runs commands in the environment of the warehouse."""
    monkeypatch.setitem(commands.MODULES, "warehouse", ())
    (tmp_path / "servers").mkdir()
    with Commands(tmp_path / "servers") as forks:
        yield forks


def test_all_processes_of_a_service_end_with_its_group(
    forks: Commands, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Path(os.devnull).open("w") as nothing:
        command = [python("warehouse"), "-c", SERVICE]
        service = forks.start("warehouse", command, ENVIRONMENT, tmp_path, nothing.fileno())
    number = tmp_path / "number"
    wait_until(lambda: number.exists() and number.read_text().endswith(" "), 30, "the start of the inner command", 0.01)
    innermost = Path("/proc", number.read_text().strip())
    assert innermost.exists()
    os.killpg(service.pid, signal.SIGKILL)
    service.wait()
    wait_until(lambda: not innermost.exists(), 30, "the end of the inner command", 0.01)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (INTERRUPTED, -signal.SIGINT),
        ("import sys; sys.exit('told')", 1),
    ],
)
def test_the_exit_code_is_that_of_a_new_python(forks: Commands, program: str, code: int) -> None:
    command = [python("warehouse"), "-c", program]
    assert forks.run("warehouse", command, ENVIRONMENT).returncode == code
    new = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert new.returncode == code


def test_a_warm_python_that_is_shared_ends_with_its_keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(commands.MODULES, "warehouse", ())
    command, found = [python("warehouse"), "-c", WARM], set()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as keeper:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            with Commands(tmp_path / name, shared=WarmServers(tmp_path, keeper.pid)) as forks:
                found.add(forks.run("warehouse", command, ENVIRONMENT).stdout)
        keeper.communicate(b"\n")
    [warm] = found
    wait_until(lambda: not alive(int(warm)), 30, "the end of the warm Python", 0.01)
