"""What `make bench` measures: the cost of a whole tree of processes."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from benchmarks.loads import google_front
from benchmarks.measure import SETTLE_SECONDS, CommandError, Part, measure_call, measure_command
from tools.local.free_ports import free_ports
from tools.local.processes import Supervisor

WORK = "import time; content = b'x' * (64 << 20); list(iter(lambda: time.process_time() < {}, False))"
"""Python that takes 64 MiB and works for so many processor seconds."""
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True); print('done')"
SERVER = """
import subprocess, sys
for line in sys.stdin:
    subprocess.run([sys.executable, '-c', sys.argv[1]])
    print('ok', flush=True)
"""


def test_a_command_costs_what_its_children_cost(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, WORK.format(0.4)]
    cost, output = measure_command(command, {}, tmp_path, "program")
    assert output == "done\n"
    assert 0.4 < cost.cpu["program"] < 2
    assert cost.wall > 0.4
    assert 64 < cost.memory["program"] == cost.total_memory < 200
    assert cost.looks >= 5


def test_a_running_service_and_its_children_are_two_parts() -> None:
    command = [sys.executable, "-c", SERVER, WORK.format(0.4)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        asked, answers = server.stdin, server.stdout
        assert asked is not None
        assert answers is not None

        def ask() -> None:
            asked.write("work\n")
            asked.flush()
            assert answers.readline() == "ok\n"

        parts = [Part("server", server.pid, "process"), Part("children", server.pid, "children")]
        cost = measure_call(ask, parts, beside=("server",))
        asked.close()
    assert 0.35 < cost.cpu["children"] < 2
    assert cost.cpu["server"] < 0.3
    assert cost.total_memory == cost.memory["children"] > 64


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"dlt ended with exit code 3[\s\S]*no such bucket"):
        measure_command(["sh", "-c", "echo no such bucket >&2; exit 3"], {}, tmp_path, "dlt")


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(CommandError, match="did not end in 2 s"):
        measure_command(["sh", "-c", "sleep 60 & echo $! > child; wait"], {}, tmp_path, "dlt", seconds=2)
    assert time.monotonic() - started < 30 + SETTLE_SECONDS
    child = int((tmp_path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_what_a_command_leaves_running_is_ended_at_its_end(tmp_path: Path) -> None:
    measure_command(["sh", "-c", "sleep 60 & echo $! > child"], {}, tmp_path, "dlt")
    child = int((tmp_path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_command_that_a_signal_ends_is_not_told_as_too_long(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="SIGKILL"):
        measure_command(["sh", "-c", "kill -9 $$"], {}, tmp_path, "dlt")


def test_the_front_that_stands_in_for_google_is_a_process_with_a_key(tmp_path: Path) -> None:
    port = free_ports(["front"])["front"]
    with Supervisor(tmp_path / "logs") as services:
        services.start(google_front.service("http://127.0.0.1:9", port, tmp_path)).wait()
        settings = google_front.settings(port, tmp_path)
        key, scopes = settings["GOOGLE_APPLICATION_CREDENTIALS"], ["https://www.googleapis.com/auth/bigquery"]
        credentials = service_account.Credentials.from_service_account_file(key, scopes=scopes)  # type: ignore[no-untyped-call]
        credentials.refresh(Request())
        assert credentials.token
        url = f"{settings['BIGQUERY_EMULATOR_HOST']}/bigquery/v2/projects/local-dev/datasets"
        assert httpx.get(url).status_code == 401
