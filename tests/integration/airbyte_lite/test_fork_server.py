"""The fork server and its client, with real processes."""

import fcntl
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from airbyte_lite.connectors import process
from airbyte_lite.connectors.process import ForkServer, Process
from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.connectors.registry import Connector

HOLD_LOCK = """
import fcntl
lock = open({path!r}, "w")
fcntl.flock(lock, fcntl.LOCK_EX)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[lock.fileno()])
print("locked", flush=True)
"""
"""Code that takes a lock, which its child shares: it is free again when both have ended."""


def output(command: Process) -> bytes:
    """Return all that the command writes, and close it."""
    try:
        return command.stdout.read()
    finally:
        command.close()


def wait_until_free(path: Path) -> None:
    deadline = time.monotonic() + 60
    with path.open("w") as lock:
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                assert time.monotonic() < deadline, "the command or its child still runs"
                time.sleep(0.01)


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("pass", 0),
        ("sys.exit()", 0),
        ("sys.exit(3)", 3),
        ("sys.exit('text')", 1),
        ("raise ValueError('broken')", 1),
        ("os.kill(os.getpid(), signal.SIGKILL)", -9),
    ],
)
def test_exit_code_is_the_console_scripts(fork_server: ForkServer, tmp_path: Path, code: str, exit_code: int) -> None:
    command = fork_server.start(["-c", code], tmp_path)
    assert command.wait() == exit_code
    command.close()
    if "raise" in code:
        assert "ValueError: broken" in command.tail()


def test_threads_and_exit_functions_end_before_the_command(fork_server: ForkServer, tmp_path: Path) -> None:
    code = """
import atexit, threading
atexit.register(print, "exit function")
threading.Thread(target=lambda: (time.sleep(0.1), print("thread"))).start()
print("main")
"""
    command = fork_server.start(["-c", code], tmp_path)
    assert output(command) == b"main\nthread\nexit function\n"


def test_connector_is_imported_once_and_commands_share_nothing(fork_server: ForkServer, tmp_path: Path) -> None:
    code = "print(IMPORT, os.getpid(), 'seen' in globals()); seen = True"
    first, second = (output(fork_server.start(["-c", code], tmp_path)).split() for _ in range(2))
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert first[2] == second[2] == b"False"


def test_commands_run_at_once_and_are_stopped_alone(fork_server: ForkServer, tmp_path: Path) -> None:
    commands = [fork_server.start(["-c", "print('up', flush=True); time.sleep(60)"], tmp_path) for _ in range(4)]
    assert [command.stdout.readline() for command in commands] == [b"up\n"] * 4
    commands[1].stop()
    assert commands[1].wait() == -signal.SIGTERM
    assert output(fork_server.start(["-c", "print('still served')"], tmp_path)) == b"still served\n"
    for command in commands:
        command.close()


def test_stop_ends_what_the_command_started_too(fork_server: ForkServer, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    command = fork_server.start(["-c", HOLD_LOCK.format(path=str(lock)) + "time.sleep(60)"], tmp_path)
    assert command.stdout.readline() == b"locked\n"
    command.stop()
    assert output(command) == b""
    wait_until_free(lock)


def test_what_a_command_leaves_behind_is_killed(fork_server: ForkServer, tmp_path: Path) -> None:
    """A process that stays would keep the output open, and a reader would wait for the end of the output."""
    lock = tmp_path / "lock"
    command = fork_server.start(["-c", HOLD_LOCK.format(path=str(lock))], tmp_path)
    assert output(command) == b"locked\n"
    assert command.wait() == 0
    wait_until_free(lock)


def test_command_that_ignores_sigterm_is_killed(
    fake_connector: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = tmp_path / "fork_server.py"
    impatient.write_text(process.FORK_SERVER.read_text().replace("GRACE = 5.0", "GRACE = 0.2"))
    monkeypatch.setattr(process, "FORK_SERVER", impatient)
    server = ForkServer(fake_connector, tmp_path)
    code = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    command = server.start(["-c", code], tmp_path)
    assert command.stdout.readline() == b"up\n"
    start = time.monotonic()
    command.stop()
    assert command.wait() == -signal.SIGKILL
    assert time.monotonic() - start >= 0.2
    command.close()
    server.close()


def test_command_of_a_server_that_was_started_with_sigterm_ignored_ends_at_once(
    fake_connector: Connector, tmp_path: Path
) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        server = ForkServer(fake_connector, tmp_path)
    finally:
        signal.signal(signal.SIGTERM, before)
    command = server.start(["-c", "print('up', flush=True); time.sleep(60)"], tmp_path)
    assert command.stdout.readline() == b"up\n"
    command.stop()
    assert command.wait() == -signal.SIGTERM
    command.close()
    server.close()


def test_killed_parent_takes_everything_along(fake_connector: Connector, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    parent = f"""
import sys
from dataclasses import replace
from pathlib import Path
from airbyte_lite.connectors.process import ForkServer
from airbyte_lite.connectors.registry import Connector
environment, directory = Path({str(fake_connector.environment)!r}), Path({str(tmp_path)!r})
connector = Connector("source-fake", "", "Fake", "1.0", environment, "source-fake", Path())
server = ForkServer(connector, directory)
command = server.start(["-c", {HOLD_LOCK.format(path=str(lock)) + "time.sleep(60)"!r}], directory)
print(command.stdout.readline(), flush=True)
command.wait()
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"b'locked\\n'\n"
        running.kill()
    wait_until_free(lock)


def test_killed_server_takes_its_commands_along(fork_server: ForkServer, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    code = HOLD_LOCK.format(path=str(lock)) + "os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"
    command = fork_server.start(["-c", code], tmp_path)
    assert command.stdout.read() == b"locked\n"
    wait_until_free(lock)
    with pytest.raises(ConnectorError, match=r"Fake 1\.0 was killed by signal 9"):
        command.wait()
    assert not fork_server.alive
    command.close()


def test_ended_server_says_so(fork_server: ForkServer, tmp_path: Path) -> None:
    command = fork_server.start(["-c", "time.sleep(60)"], tmp_path)
    fork_server.close()
    with pytest.raises(ConnectorError, match="the server stops"):
        command.wait()
    command.close()


def test_missing_environment_names_its_lock(tmp_path: Path) -> None:
    missing = Connector("m", "", "Missing", "1.0", tmp_path / "nowhere", "source-missing", Path("m/requirements.txt"))
    with pytest.raises(ConnectorError, match=r"Missing 1\.0 cannot be run: .*Install m/requirements\.txt"):
        ForkServer(missing, tmp_path)


def test_environment_is_a_short_list(
    fake_connector: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRBYTE_CLIENT_SECRET", "ours")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ours")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    server = ForkServer(fake_connector, tmp_path)
    directory = tmp_path / "command"
    directory.mkdir()
    code = (
        "import tempfile; print(json.dumps([dict(os.environ), os.getcwd(), tempfile.gettempdir(), sys.stdin.read()]))"
    )
    command = server.start(["-c", code], directory)
    environment, *places, stdin = json.loads(output(command))
    server.close()
    assert "ours" not in environment.values()
    assert environment["HTTPS_PROXY"] == "http://proxy:3128"
    assert environment["HOME"] == environment["TMPDIR"] == str(directory)
    assert places == [str(directory), str(directory)]
    assert stdin == ""


def test_output_of_any_shape_arrives(fork_server: ForkServer, tmp_path: Path) -> None:
    code = "print('x' * 5_000_000, flush=True); sys.stdout.buffer.write(b'\\xff\\n\\nno line end')"
    command = fork_server.start(["-c", code], tmp_path)
    assert list(command.stdout) == [b"x" * 5_000_000 + b"\n", b"\xff\n", b"\n", b"no line end"]
    command.close()


def test_standard_error_is_drained_and_its_end_kept(fork_server: ForkServer, tmp_path: Path) -> None:
    command = fork_server.start(["-c", "sys.stderr.write('y' * 5_000_000 + 'the end')"], tmp_path)
    assert command.wait() == 0
    command.close()
    assert command.tail().endswith("ythe end")
    assert len(command.tail()) == process.TAIL_BYTES


def test_start_after_the_server_was_killed(fork_server: ForkServer, tmp_path: Path) -> None:
    command = fork_server.start(["-c", "os.kill(os.getppid(), signal.SIGKILL)"], tmp_path)
    output(command)
    with pytest.raises(ConnectorError, match="was killed by signal 9"):
        fork_server.start(["-c", "pass"], tmp_path)


def test_stop_after_the_end_is_harmless(fork_server: ForkServer, tmp_path: Path) -> None:
    command = fork_server.start(["-c", "pass"], tmp_path)
    assert command.wait() == 0
    command.stop()
    command.close()
    command.stop()
    assert command.wait() == 0


def test_server_that_hangs_in_its_import_is_killed(
    fake_connector: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site_packages,) = fake_connector.environment.glob("lib/python*/site-packages")
    (site_packages / "hanging_connector.py").write_text("import time; time.sleep(60)")
    metadata = site_packages / "hanging_connector-1.0.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text("[console_scripts]\nsource-hanging = hanging_connector:run\n")
    monkeypatch.setattr(process, "CLOSE_SECONDS", 0.2)
    server = ForkServer(replace(fake_connector, command="source-hanging"), tmp_path)
    server.close()
    assert not server.alive
    assert server._process.returncode == -signal.SIGKILL, "it was not waited for"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS ignores the limit")
def test_a_hundred_threads_fit_into_512_mib(fake_connector: Connector, tmp_path: Path) -> None:
    """Stacks of threads count as data, also unused ones. With small stacks, deep JSON is an error, not a crash."""
    server = ForkServer(fake_connector, tmp_path, 512 << 20)
    code = """
import threading
go = threading.Event()
def wait():
    go.wait()
    try:
        json.loads("[" * 100_000)
    except RecursionError:
        said.append(1)
said = []
threads = [threading.Thread(target=wait) for _ in range(100)]
for thread in threads:
    thread.start()
go.set()
for thread in threads:
    thread.join()
print(len(said), os.environ["ARROW_DEFAULT_MEMORY_POOL"])
"""
    command = server.start(["-c", code], tmp_path)
    assert output(command) == b"100 system\n", command.tail()
    server.close()
