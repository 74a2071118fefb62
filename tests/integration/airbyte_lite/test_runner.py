"""The commands of the Airbyte protocol, run with a fake connector that does what its configuration says."""

import stat
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from airbyte_lite.api.callers import CALLER, Caller
from airbyte_lite.api.commands import Commands
from airbyte_lite.connectors import runner as runner_module
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorError, ConnectorRunner, Limits, Silence

CATALOG = {"streams": [{"stream": {"name": "orders"}, "sync_mode": "full_refresh"}]}
STATE = [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "orders"}, "stream_state": {"cursor": 1}}}]


def code(text: str) -> dict[str, Any]:
    return {"code": text}


def leftovers(runner: ConnectorRunner) -> list[Path]:
    return list(runner._commands.iterdir())


def test_spec_is_found_between_other_text_and_asked_once(runner: ConnectorRunner, fake_connector: Connector) -> None:
    specification = runner.spec(fake_connector)
    assert list(specification["connectionSpecification"]) == ["asked_by"]
    assert runner.spec(fake_connector) == specification


def test_check(runner: ConnectorRunner, fake_connector: Connector) -> None:
    said = "say(type='CONNECTION_STATUS', connectionStatus={'status': %r, 'message': %r})"
    assert runner.check(fake_connector, code(said % ("SUCCEEDED", ""))).succeeded
    result = runner.check(fake_connector, code(said % ("FAILED", "no such bucket")))
    assert (result.succeeded, result.message) == (False, "no such bucket")


def test_configuration_in_its_new_form_is_handed_on(runner: ConnectorRunner, fake_connector: Connector) -> None:
    configuration = code("""
say(type="CONTROL", control={"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": {"new": 1}}})
say(type="RECORD", record={"data": {"text": '"CONTROL"'}})
""")
    with runner.read(fake_connector, configuration, CATALOG, []) as read:
        assert len(list(read)) == 2
    assert read.configuration_update == {"new": 1}


def test_discover(runner: ConnectorRunner, fake_connector: Connector) -> None:
    stream = {"name": "orders", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    assert runner.discover(fake_connector, code(f"say(type='CATALOG', catalog={{'streams': [{stream}]}})")) == [stream]


def test_error_of_the_connector_is_raised(runner: ConnectorRunner, fake_connector: Connector) -> None:
    error = {"message": "Bad file.", "internal_message": "line 3", "failure_type": "config_error"}
    with pytest.raises(ConnectorError) as raised:
        runner.discover(
            fake_connector, code(f"say(type='TRACE', trace={{'type': 'ERROR', 'error': {error}}}); sys.exit(1)")
        )
    assert (raised.value.message, raised.value.failure_type) == ("Bad file.", "config_error")
    assert raised.value.internal == "line 3"


def test_connector_that_says_nothing_is_quoted(runner: ConnectorRunner, fake_connector: Connector) -> None:
    with pytest.raises(ConnectorError, match=r"^Fake: .*\bcheck\b.*\bexit code 1\b") as raised:
        runner.check(fake_connector, code("print('last words'); raise KeyError('lost')"))
    assert "last words" in raised.value.internal
    assert "KeyError: 'lost'" in raised.value.internal


def test_command_has_an_end(
    runner: ConnectorRunner, fake_connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "COMMAND_SECONDS", 0.3)
    with pytest.raises(ConnectorError, match=r"\bcheck\b.*\b0\.3 s") as raised:
        runner.check(fake_connector, code("time.sleep(60)"))
    assert raised.value.failure_type == "transient_error"


def test_read_gives_raw_lines_and_the_exit_code(runner: ConnectorRunner, fake_connector: Connector) -> None:
    configuration = code(
        "say(type='STATE', state=files['state'], catalog=files['catalog']); print('text'); sys.exit(2)"
    )
    with runner.read(fake_connector, configuration, CATALOG, STATE) as read:
        message, text = read
    assert orjson.loads(message) == {"type": "STATE", "state": STATE, "catalog": CATALOG}
    assert text == b"text\n"
    assert read.exit_code == 2


def test_read_that_gave_up_a_file_is_an_error_at_its_end(runner: ConnectorRunner, fake_connector: Connector) -> None:
    log = {"level": "ERROR", "message": "file=a.csv", "stack_trace": "ValueError: broken"}
    configuration = code(f"say(type='LOG', log={log}); print('more')")
    lines: list[bytes] = []
    with (
        runner.read(fake_connector, configuration, CATALOG, []) as read,
        pytest.raises(ConnectorError, match=r"file=a\.csv: ValueError: broken"),
    ):
        lines.extend(read)
    assert lines[-1] == b"more\n"
    assert read.exit_code == 0


def test_read_is_stopped_from_another_thread(runner: ConnectorRunner, fake_connector: Connector) -> None:
    with runner.read(fake_connector, code("while True: print('row', flush=True)"), CATALOG, []) as read:
        lines = iter(read)
        assert next(lines) == b"row\n"
        threading.Timer(0.1, read.stop).start()
        assert all(line == b"row\n" for line in list(lines)[:-1])
    assert read.exit_code == -15


def test_abandoned_read_is_ended(runner: ConnectorRunner, fake_connector: Connector) -> None:
    with runner.read(fake_connector, code("while True: print('row', flush=True)"), CATALOG, []) as read:
        assert next(iter(read)) == b"row\n"
        assert leftovers(runner) != []
    assert leftovers(runner) == []


def test_files_are_private_and_removed(runner: ConnectorRunner, fake_connector: Connector) -> None:
    configuration = code("""
for path in [*options.values(), "."]: print(path, oct(os.stat(path).st_mode))
open("left", "w"); sys.exit(1)
""")
    with runner.read(fake_connector, configuration, CATALOG, STATE) as read:
        lines = [line.decode().split() for line in read]
        assert {Path(path).name: mode for path, mode in lines} == {
            "config.json": oct(stat.S_IFREG | 0o600),
            "catalog.json": oct(stat.S_IFREG | 0o600),
            "state.json": oct(stat.S_IFREG | 0o600),
            "": oct(stat.S_IFDIR | 0o700),
        }
    assert leftovers(runner) == []


def test_files_of_a_killed_runner_are_removed_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "commands" / "abc"
    left.mkdir(parents=True)
    (left / "config.json").write_text("secret")
    ConnectorRunner(tmp_path).close()
    assert not left.exists()


def test_work_directory_may_be_relative(
    fake_connector: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands run in directories of their own."""
    monkeypatch.chdir(tmp_path)
    runner = ConnectorRunner(Path("work"))
    with runner.read(fake_connector, code("print(options)"), CATALOG, []) as read:
        assert len(list(read)) == 1
    runner.close()


def test_crashed_server_is_replaced(runner: ConnectorRunner, fake_connector: Connector) -> None:
    with pytest.raises(ConnectorError, match="was killed by signal 9"):
        runner.check(fake_connector, code("os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"))
    assert runner.check(
        fake_connector, code("say(type='CONNECTION_STATUS', connectionStatus={'status': 'SUCCEEDED'})")
    ).succeeded


def test_failed_import_is_reported(runner: ConnectorRunner, fake_connector: Connector) -> None:
    (site_packages,) = fake_connector.environment.glob("lib/python*/site-packages")
    metadata = site_packages / "broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text("[console_scripts]\nsource-broken = does_not_exist:run\n")
    with pytest.raises(ConnectorError, match=r"Fake 1\.0 could not be imported") as raised:
        runner.spec(replace(fake_connector, command="source-broken"))
    assert "No module named 'does_not_exist'" in raised.value.internal


def test_connector_that_writes_nothing_is_ended(fake_connector: Connector, tmp_path: Path) -> None:
    runner = ConnectorRunner(tmp_path / "silent", Silence(command=0.3, read=0.4))
    with pytest.raises(ConnectorError, match=r"0\.3 s.*\bcheck\b.*AIRBYTE_LITE_COMMAND_SILENCE") as raised:
        runner.check(fake_connector, code("time.sleep(60)"))
    assert raised.value.failure_type == "transient_error"
    with runner.read(fake_connector, code("print('row', flush=True); time.sleep(60)"), CATALOG, []) as read:
        lines = iter(read)
        assert next(lines) == b"row\n"
        with pytest.raises(ConnectorError, match=r"0\.4 s.*\bread\b.*AIRBYTE_LITE_SYNC_SILENCE"):
            next(lines)
    assert leftovers(runner) == []
    runner.close()


def test_command_ends_with_its_client(runner: ConnectorRunner, fake_connector: Connector) -> None:
    caller = Caller()
    CALLER.set(caller)
    threading.Timer(0.3, caller.leave).start()
    begin = time.monotonic()
    with pytest.raises(ConnectorError):
        Commands(runner, 1).check(fake_connector, code("time.sleep(60)"))
    assert time.monotonic() - begin < 30  # the command would take a minute


def test_specification_is_asked_once_for_many_requests(runner: ConnectorRunner, fake_connector: Connector) -> None:
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(runner.spec, [fake_connector] * 5))
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS ignores the limit")
def test_a_command_has_no_more_memory_than_its_limit(fake_connector: Connector, tmp_path: Path) -> None:
    runner = ConnectorRunner(tmp_path / "limited", limits=Limits(memory=256 << 20))
    code = """
import traceback
try:
    kept = bytearray(512 << 20)
except MemoryError:
    error = {"message": "Something went wrong in the connector", "stack_trace": traceback.format_exc()}
    say(type="TRACE", trace={"type": "ERROR", "emitted_at": 1, "error": error})
"""
    try:
        with pytest.raises(ConnectorError, match="AIRBYTE_LITE_CONNECTOR_MEMORY_MIB"):
            runner.check(fake_connector, {"code": code})
    finally:
        runner.close()
