"""The commands for Docker Compose: what each does first."""

import pytest

from tools.stack import __main__ as stack
from tools.stack import compose, doctor, env
from tools.stack.findings import Finding


@pytest.mark.parametrize("command", ["images", "images-save", "images-load"])
def test_images_need_an_engine(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, each image seems to be missing: its stand-in would be built for minutes."""
    monkeypatch.setattr(doctor, "check_engine", lambda: [Finding("fail", "no Docker engine answers", "start it")])
    monkeypatch.setattr(env, "make_env", lambda: pytest.fail("it went on"))
    with pytest.raises(compose.StackError, match=r"no Docker engine answers.*start it"):
        stack.COMMANDS[command]()
