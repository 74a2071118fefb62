"""The dbt that is imported ahead behaves as dbt does, and leaves nothing behind. A small program stands in for dbt."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.warm_dbt import keeper, kept
from orchestrator.warm_dbt.client import KEPT, SOCKET
from orchestrator.warm_dbt.forked import Forked
from orchestrator.warm_dbt.holder import WarmDbt
from orchestrator.warm_dbt.keeper import kept_dbt
from orchestrator.warm_dbt.server import MODULES
from tools.local.platform import python

from .processes import wait_until
from .running import RunningPlatform

CHANGED = {
    "dbt_common.behavior_flags": "class BehaviorFlagRendered: pass",
    "dbt.mp_context": "",
    "dbt_common.clients.system": "",
    "dbt_common.events.functions": "env_secrets = list\nstdout_filter = None",
}
"""What is changed of dbt in its process (`orchestrator.warm_dbt.lean`)."""
CLI = """
import os, sys, time
with open(os.environ["IMPORTS"], "a") as imports:
    imports.write("imported\\n")
def cli(prog_name):
    try:
        print("warm", *sys.argv, os.environ.get("VARIABLE"), os.getcwd(), flush=True)
        time.sleep(60 if "wait" in sys.argv else 0)
    except KeyboardInterrupt:
        print("queries cancelled", flush=True)
        sys.exit(2)
    sys.exit(3)
"""


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bin folder of an environment in which both ways to start dbt lead to a stand-in."""
    for module in (*MODULES, *CHANGED):
        folder = tmp_path / "modules"
        for part in module.split("."):
            folder /= part
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
        (folder / "__init__.py").write_text(CHANGED.get(module, ""))
    (tmp_path / "modules/dbt/cli/main/__init__.py").write_text(CLI)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("IMPORTS", str(tmp_path / "imports"))
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, line in {"python": f'exec {python("orchestrator")} "$@"', "dbt": 'echo cold "$@"'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    return programs


@pytest.fixture(params=["own process", "fork"])
def warm(environment: Path, request: pytest.FixtureRequest) -> Iterator[WarmDbt]:
    """A warm dbt of a run: a process that imports dbt itself, and one that is forked from the kept dbt."""
    with kept_dbt() if request.param == "fork" else contextlib.nullcontext():
        warm = WarmDbt(joint_tests=False)  # they change the real dbt
        assert isinstance(warm.process, Forked) == (request.param == "fork")
        yield warm
        warm.stop()
        warm.process.wait(0)  # it has ended
        assert not warm.folder.exists()
        assert SOCKET not in os.environ


def command(environment: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start the client as dagster-dbt starts dbt."""
    program = str(environment / "python")
    start = f"import sys; sys.executable = {program!r}; from orchestrator.warm_dbt.client import main; main()"
    return subprocess.Popen(
        [python("orchestrator"), "-c", start, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | variables,
        cwd=environment,
    )


def wait_until_it_waits(warm: WarmDbt) -> None:
    """Wait until a fork has begun. Until then there is nothing to end."""
    deadline = time.monotonic() + 60
    while isinstance(warm.process, Forked) and warm.process._process() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_command_is_run_once_and_the_next_one_by_dbt_itself(environment: Path, warm: WarmDbt) -> None:
    first = command(environment, "build", "--vars", "{}", VARIABLE="a value")
    assert first.communicate()[0] == f"warm dbt build --vars {{}} a value {environment}\n"
    assert first.returncode == 3
    second = command(environment, "build", "again")
    assert second.communicate()[0] == "cold build again\n"
    assert second.returncode == 0


def test_an_interrupted_command_ends_as_dbt_does(environment: Path, warm: WarmDbt) -> None:
    client = command(environment, "wait")
    assert client.stdout
    assert client.stdout.readline().startswith("warm")
    client.send_signal(signal.SIGINT)
    assert client.communicate()[0] == "queries cancelled\n"
    assert client.returncode == 2


@pytest.mark.parametrize("who", ["client", "run"])
def test_a_command_does_not_outlive_who_waits_for_it(environment: Path, warm: WarmDbt, who: str) -> None:
    client = command(environment, "wait")
    assert client.stdout
    assert client.stdout.readline().startswith("warm")
    if who == "client":
        client.kill()
    else:  # the pipe is closed when the run worker dies, however it dies
        assert warm.process.stdin
        warm.process.stdin.close()
    warm.process.wait(60)
    assert client.communicate()[0] == "queries cancelled\n"


def test_a_warm_dbt_that_dies_is_replaced_by_dbt_itself(environment: Path, warm: WarmDbt) -> None:
    wait_until_it_waits(warm)
    warm.process.kill()
    warm.process.wait()
    told, *lines = command(environment, "build").communicate()[0].splitlines()
    assert "killed" in told
    assert lines == ["cold build"]


def test_a_failed_import_is_told_before_dbt_itself_is_started(environment: Path) -> None:
    (environment.parent / "modules/dbt/task/build/__init__.py").write_text("import no_such_module")
    warm = WarmDbt(joint_tests=False)
    warm.process.wait(60)
    told, *lines = command(environment, "build").communicate()[0].splitlines()
    assert "no_such_module" in told
    assert lines == ["cold build"]
    warm.stop()


def test_a_warm_dbt_that_waits_ends_with_its_run_worker(environment: Path) -> None:
    warm = WarmDbt(joint_tests=False)
    assert warm.process.stdin
    warm.process.stdin.close()  # the run worker was killed
    warm.process.wait(60)
    assert not warm.folder.exists()
    warm.stop()


def test_a_warm_dbt_that_is_not_needed_ends_with_the_run(environment: Path) -> None:
    warm = WarmDbt(joint_tests=False)
    started = time.monotonic()
    warm.stop()
    warm.process.wait(0)
    assert time.monotonic() - started < 5
    assert not warm.folder.exists()


def test_what_the_runs_fork_imports_dbt_once_until_a_file_changes(environment: Path) -> None:
    def run() -> str:
        warm = WarmDbt(joint_tests=False)
        try:
            return command(environment, "build").communicate()[0]
        finally:
            warm.stop()

    imports = environment.parent / "imports"
    module = environment.parent / "modules/dbt/cli/main/__init__.py"
    with kept_dbt():
        assert not imports.exists(), "it imports dbt when the first run asks for it"
        assert [run(), run(), run()] == [f"warm dbt build None {environment}\n"] * 3
        assert imports.read_text() == "imported\n"
        changed = module.with_name("changed")
        changed.write_text(CLI.replace('"warm"', '"changed"'))
        os.utime(changed, (0, 0))  # as from an archive
        changed.replace(module)
        assert run() == f"changed dbt build None {environment}\n"
        module.write_text("import no_such_module")
        assert "no_such_module" in run()
        module.write_text(CLI)
        assert run() == f"warm dbt build None {environment}\n"


def test_a_run_imports_dbt_itself_when_nothing_answers(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with kept_dbt():
        address = os.environ[KEPT]
    assert not Path(address).parent.exists()
    monkeypatch.setenv(KEPT, address)  # it has been killed
    warm = WarmDbt(joint_tests=False)
    assert isinstance(warm.process, subprocess.Popen)
    assert command(environment, "build").communicate()[0].startswith("warm dbt build")
    warm.stop()


def test_a_run_imports_dbt_itself_when_the_kept_dbt_has_died(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while a server that the kept dbt has forked still runs."""
    processes: list[subprocess.Popen[bytes]] = []
    start = keeper._start

    def noted(path: str) -> subprocess.Popen[bytes]:
        processes.append(start(path))
        return processes[0]

    monkeypatch.setattr(keeper, "_start", noted)
    with kept_dbt():
        first = WarmDbt(joint_tests=False)
        wait_until_it_waits(first)
        processes[0].kill()
        processes[0].wait()
        second = WarmDbt(joint_tests=False)
        assert isinstance(first.process, Forked)
        assert isinstance(second.process, subprocess.Popen), "nobody would answer"
        second.stop()
        first.stop()


def test_it_ends_with_who_has_started_it(environment: Path) -> None:
    program = (
        "import os, time\nfrom orchestrator.warm_dbt.client import KEPT\n"
        "from orchestrator.warm_dbt.keeper import kept_dbt\n"
        "with kept_dbt():\n    print(os.environ[KEPT], flush=True)\n    time.sleep(60)"
    )
    keeper = subprocess.Popen([python("orchestrator"), "-c", program], stdout=subprocess.PIPE, text=True)
    assert keeper.stdout
    folder = Path(keeper.stdout.readline().strip()).parent
    assert folder.exists()
    keeper.kill()
    keeper.communicate()
    wait_until(lambda: not folder.exists(), 60, "the end of the folder", 0.01)


def test_a_file_that_changes_while_it_is_imported_counts_as_changed(tmp_path: Path) -> None:
    """A time outside the import, as after a clock was set back, does not count: dbt would be imported anew for ever."""
    module = type(sys)("module_of_a_test")
    module.__file__ = str(tmp_path / "module.py")
    (tmp_path / "module.py").touch()
    sys.modules[module.__name__] = module
    try:
        changed = os.stat(module.__file__).st_ctime_ns  # noqa: PTH116
        for started, is_changed in ((changed - 1, True), (changed + 10**12, False)):
            one = kept.Kept()
            one.note(started, time.time_ns() + 2 * 10**12)
            assert (one.files[module.__file__] == 0) == is_changed
    finally:
        del sys.modules[module.__name__]


def test_dbt_is_warmed_up_without_threads_and_variables(local_platform: RunningPlatform, tmp_path: Path) -> None:
    program = """
import os
from orchestrator.warm_dbt import lean, warming
warming.warm()
from dbt_common.clients.jinja import template_cache
from dbt_common.events import functions
from dbt.contracts.project import Project
from dbt_common.behavior_flags import Behavior
print(len(os.listdir("/proc/self/task")), len(template_cache.file_cache) > 300, functions.metadata_vars)
print(Project.json_schema.cache_info().currsize > 0)
import inspect
inspect.stack = None  # it takes a second of CPU the first time
[flag] = Behavior([{"name": "n", "default": True, "description": "d"}], {})._flags
print(flag._behavior_change_event.flag_source)
"""
    _, environment = local_platform.settings.command("orchestrator")
    environment |= {"DBT_PROFILE": "another", "DBT_ENV_CUSTOM_ENV_ANSWER": "42"}
    line = [python("orchestrator"), "-c", program]
    found = local_platform.commands.run("orchestrator", line, environment, tmp_path)
    assert found.stdout.splitlines()[-3:] == ["1 True None", "True", "__main__"], found.stdout + found.stderr


def test_a_warm_python_keeps_dbts_macros_and_nothing_of_a_project(
    local_platform: RunningPlatform, tmp_path: Path
) -> None:
    program = """
from dbt.clients import jinja_static
from dbt_common.clients import jinja
from jinja2.parser import Parser
parse, parsed = Parser.parse, []
Parser.parse = lambda parser: parsed.append(parser) or parse(parser)
for macro in list(jinja_static._TESTING_MACRO_CACHE)[:100]:
    jinja_static.statically_extract_macro_calls(macro, {})
    jinja.parse(macro)
print(len(parsed))
for _ in range(2):
    [block] = jinja.extract_toplevel_blocks("{% macro mine() %}{{ yours() }}{% endmacro %}")
    jinja.parse(block.full_block)
    print(len(parsed), jinja_static.statically_extract_macro_calls(block.full_block, {}))
"""
    _, environment = local_platform.settings.command("orchestrator")
    line = [python("orchestrator"), "-c", program]
    found = local_platform.commands.run("orchestrator", line, environment, tmp_path)
    assert found.stdout.splitlines() == ["0", "1 ['yours']", "3 ['yours']"], found.stdout + found.stderr
