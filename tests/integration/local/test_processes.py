"""Starting, watching and stopping services; the services here are Python's own small HTTP server."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tools.local import marked
from tools.local.free_ports import free_ports
from tools.local.platform import Platform
from tools.local.processes import Service, ServiceError, Supervisor, interruptible
from tools.settings_table import PORTS

from ..processes import alive, wait_until
from .web import web

ROOT = Path(__file__).resolve().parents[3]


def is_alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_proxy_for_the_rest_of_the_world_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Supervisor(tmp_path) as services:
        services.start(web()).wait()


def test_services_and_commands_go_past_a_proxy_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "intranet.example")
    monkeypatch.delenv("NO_PROXY", raising=False)
    environment = Platform(tmp_path, free_ports(PORTS)).environment
    assert environment["no_proxy"] == "intranet.example,127.0.0.1,localhost"
    assert environment["NO_PROXY"] == "127.0.0.1,localhost"


def test_credentials_of_the_caller_are_not_this_platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET", "GOOGLE_APPLICATION_CREDENTIALS"]
    for name in names:
        monkeypatch.setenv(name, "of another Airbyte, or of Google")
    environment = Platform(tmp_path, free_ports(PORTS)).environment
    assert [environment[name] for name in names] == ["", "", ""]


def test_a_service_that_ends_is_told_with_its_last_lines(tmp_path: Path) -> None:
    failing = Service(
        "failing", [sys.executable, "-c", "print('no disk'); raise SystemExit(3)"], {}, "http://127.0.0.1:9/"
    )
    with Supervisor(tmp_path) as services:
        services.start(web())
        services.start(failing)
        with pytest.raises(ServiceError, match=r"(?s)failing ended with exit code 3.*no disk"):
            services.wait()
        pid = services.processes["web"].popen.pid
    assert not is_alive(pid)


def test_a_group_that_cannot_be_signalled_does_not_keep_the_others_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS answers EPERM, not ESRCH, for a group whose processes have all ended."""
    killpg = os.killpg
    with Supervisor(tmp_path) as services:
        services.start(web("first")).wait()
        ended = services.start(Service("second", [sys.executable, "-c", ""], {}, "http://127.0.0.1:9/"))
        ended.popen.wait()
        pid = services.processes["first"].popen.pid

        def as_on_macos(group: int, number: int) -> None:
            if group == ended.popen.pid:
                raise PermissionError
            killpg(group, number)

        monkeypatch.setattr(os, "killpg", as_on_macos)
    assert not is_alive(pid)


def test_no_group_is_signalled_whose_number_may_be_another_process_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a process is reaped, the kernel may give its number away."""
    reaped: list[int] = []
    killpg = os.killpg

    def checked(group: int, number: int) -> None:
        if not is_alive(group):  # a zombie is alive in this sense: its number is still its own
            reaped.append(group)
        killpg(group, number)

    monkeypatch.setattr(os, "killpg", checked)
    with Supervisor(tmp_path) as services:
        services.start(web()).wait()
        ended = services.start(Service("ended", [sys.executable, "-c", ""], {}, "http://127.0.0.1:9/"))
        while ended.exit_code() is None:
            time.sleep(0.01)
        with pytest.raises(ServiceError, match="exit code 0"):
            ended.healthy()
    assert reaped == []


def test_what_an_ended_service_left_behind_is_killed(tmp_path: Path) -> None:
    leave = "import subprocess; print(subprocess.Popen(['sleep', '3600']).pid)"
    with Supervisor(tmp_path) as services:
        process = services.start(Service("leaves", [sys.executable, "-c", leave], {}, "http://127.0.0.1:9/"))
        while process.exit_code() is None:
            time.sleep(0.01)
        pid = int(process.log.read_text())
        assert is_alive(pid)
    wait_until(lambda: not alive(pid), 60, "the end of the process")  # it would run for an hour


def test_a_process_that_left_the_group_is_killed_too(tmp_path: Path) -> None:
    leave = (
        "import signal, subprocess; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid, flush=True)"
    )
    with Supervisor(tmp_path) as services:
        process = services.start(
            Service("leaves", [sys.executable, "-c", f"{leave}; signal.pause()"], {}, "http://127.0.0.1:9/")
        )
        while not (process.log.exists() and process.log.read_text()):
            time.sleep(0.01)
        pid = int(process.log.read_text())
    wait_until(lambda: not alive(pid), 10, "the end of the process")


def test_what_a_killed_run_left_is_ended_by_the_next_one(tmp_path: Path) -> None:
    """As when `make dev` and `dagster dev` are killed together: the webserver and the daemon stay."""
    logs, other = tmp_path / "logs", tmp_path / "logs2"
    started = [
        subprocess.Popen(["sleep", "60"], env={marked.VARIABLE: str(log)})
        for log in (logs / "dagster.log", logs / "s3.log", other / "dagster.log")
    ]
    try:
        with Supervisor(logs):
            assert [process.poll() for process in started] == [-signal.SIGTERM, -signal.SIGTERM, None]
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_service_without_its_vital_process_is_not_complete(tmp_path: Path) -> None:
    child = "p = subprocess.Popen(['sleep', '61']); print(p.pid, flush=True); p.wait()"
    start = f"import signal, subprocess; {child}; signal.pause()"
    service = Service("parent", [sys.executable, "-c", start], {}, "http://127.0.0.1:9/", vital="sleep 61")
    with Supervisor(tmp_path) as services:
        process = services.start(service)
        while not (process.log.exists() and process.log.read_text()):
            time.sleep(0.01)
        assert process.is_complete()
        os.kill(int(process.log.read_text()), signal.SIGKILL)
        while process.is_complete():
            time.sleep(0.01)
        # Another service with the same child does not make this one complete.
        services.start(Service("other", ["sleep", "61"], {}, "http://127.0.0.1:9/"))
        assert not process.is_complete()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_way_of_ending_the_launcher_stops_the_services(tmp_path: Path, number: signal.Signals) -> None:
    service = web()
    code = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from tools.local.processes import Service, Supervisor, interruptible
        interruptible()
        try:
            with Supervisor(Path({str(tmp_path)!r})) as services:
                process = services.start(Service("web", {service.command!r}, {{}}, {service.health_url!r}))
                process.wait()
                print(process.popen.pid, flush=True)
                time.sleep(3600)
        except KeyboardInterrupt:
            print("stopped", flush=True)
    """)
    launcher = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # these tests may run under nohup
    )
    assert launcher.stdout
    pid = int(launcher.stdout.readline())
    launcher.send_signal(number)
    try:
        output, _ = launcher.communicate()
    finally:
        launcher.kill()
    assert output == "stopped\n"
    assert not is_alive(pid)


def test_nohup_is_respected() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        interruptible()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
