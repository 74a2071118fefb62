"""`make shell` before it starts the shell."""

import pytest

from tools.local import shell


def test_a_shell_that_does_not_exist_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELL", "/bin/absent")
    assert shell.main() == 1
    assert "SHELL=/bin/absent: not found" in capsys.readouterr().err
