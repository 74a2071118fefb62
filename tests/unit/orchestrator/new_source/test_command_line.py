"""The command line: what it cannot read is told in one sentence."""

from pathlib import Path

import pytest

from orchestrator.new_source import command_line


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("FILE_SENSOR_SECONDS", "abc", "from 1 to 86400"), ("CONNECTIONS_FILE", "absent.yaml", "absent.yaml: file not")],
)
def test_an_invalid_setting_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    told: str,
) -> None:
    monkeypatch.setenv("DBT_PROJECT_DIR", str(tmp_path))
    monkeypatch.setenv(name, value)
    arguments = ["--root", str(tmp_path), "--seed-folder", str(tmp_path), "remove", "--name", "refunds"]
    assert command_line.main(arguments) == 1
    assert told in capsys.readouterr().err
