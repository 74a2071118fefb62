"""bootstrap's state after its process was killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from airbyte_as_code.airbyte_client import Kind
from airbyte_as_code.state import State

KILLS_ITSELF = """
import os, signal, sys
from pathlib import Path
from airbyte_as_code.airbyte_client import Kind
from airbyte_as_code.state import State

state = State(Path(sys.argv[1]))
with state.locked():
    state.remember(Kind.SOURCE, "before", "id-1")
    setattr(os, sys.argv[2], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    state.remember(Kind.SOURCE, "after", "id-2")
"""


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_killed_while_it_writes_it_holds_what_was_there_and_no_lock(tmp_path: Path, call: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLS_ITSELF, tmp_path, call])
    assert killed.returncode == -signal.SIGKILL
    state = State(tmp_path)
    with state.locked():
        assert [state.name_of(Kind.SOURCE, number) for number in ("id-1", "id-2")] == ["before", None]
        state.remember(Kind.SOURCE, "after", "id-2")
    assert State(tmp_path).name_of(Kind.SOURCE, "id-2") == "after"
