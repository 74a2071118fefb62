"""Run workers under `make dev` are forks of the code server's fork server; it ends with the code server."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.local.platform import Platform, python
from tools.settings_table import PORTS

from .commands import Commands
from .processes import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

CODE_SERVER = """
import json, os, signal, sys, time
from multiprocessing import forkserver
from orchestrator.code_server import run_workers

def look(queue, ended):
    shown = open("/proc/self/cmdline").read().rstrip(chr(0))
    imported = [name for name in ("orchestrator.dbt", "orchestrator.definitions") if name in sys.modules]
    defaults = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    threads = len(os.listdir("/proc/self/task"))
    queue.put([os.getppid(), shown, os.environ.get("SET_LATER"), threads, imported, defaults])
    ended.wait()
    sys.exit(3)

workers = run_workers.RunWorkers()
os.environ["SET_LATER"] = "yes"
queue, ended = workers.Queue(), workers.Event()
process = workers.Process(target=look, args=[queue, ended])
process.start()
found = [workers._number, *queue.get(), process.is_alive()]
ended.set()
process.join()
print(json.dumps([*found, process.exitcode]), flush=True)
if sys.argv[1] == "fork server":
    ended = workers.Event()
    process = workers.Process(target=look, args=[queue, ended])
    process.start()
    queue.get()
    os.kill(workers._number, signal.SIGTERM)
    os.waitid(os.P_PID, workers._number, os.WEXITED | os.WNOWAIT)
    print(process.is_alive(), os.path.exists(forkserver._forkserver._forkserver_address), flush=True)
    ended.set()
    deadline = time.monotonic() + 10
    while process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    print(process.is_alive(), type(workers.Process()).__name__, flush=True)
else:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def command_line(process: int) -> bytes:
    """A process's command line; empty when it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:  # it may end between the opening and the reading
        return b""


@pytest.mark.parametrize("killed", ["fork server", "code server"])
def test_a_run_worker_is_forked(killed: str, tmp_path: Path, commands: Commands) -> None:
    _, variables = Platform(tmp_path, PORTS).command("orchestrator")
    script = tmp_path / "code_server.py"
    script.write_text(CODE_SERVER)
    result = commands.run("orchestrator", [str(script), killed], variables, tmp_path)
    line, *rest = result.stdout.splitlines() or [result.stderr]
    server, parent, shown, variable, threads, imported, ends_at_once, alive, code = json.loads(line)
    assert (parent, shown, variable, alive, code) == (server, "dagster run worker", "yes", True, 3)
    assert threads == 1, "no thread of the code server"
    assert imported == ["orchestrator.dbt"], "the definitions are loaded by each run"
    assert ends_at_once, "SIGTERM ends a run worker, as it ends a new Python"
    if killed == "fork server":
        going_on, ended = "True False", "False SpawnProcess"  # and the fork server has removed its socket
        assert rest == [going_on, ended], result.stderr
    wait_until(lambda: not command_line(server), 10, "the end of the fork server", 0.01)


def test_the_fork_server_has_no_threads(tmp_path: Path) -> None:
    """A fork would lack the threads. The test starts a new Python, because a warm one has imported BigQuery already."""
    program = (
        "import os, sys\nfrom orchestrator.code_server.run_workers import LATER, import_later\nimport_later()\n"
        "print(LATER in sys.modules, len(os.listdir('/proc/self/task')))\nimport pyarrow.parquet"
    )
    _, variables = Platform(tmp_path, PORTS).command("orchestrator")
    line = [python("orchestrator"), "-c", program]
    result = subprocess.run(line, env=variables, capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.returncode) == ("True 1\n", 0), result.stderr
