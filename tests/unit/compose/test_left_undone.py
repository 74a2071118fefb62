"""`make up` ends with the changes that bootstrap has not made."""

import subprocess
from datetime import UTC, datetime

import pytest

from airbyte_as_code import render
from tools.stack import up

LOG = f"""\
workspace    Test                                   unchanged

{render.LEFT_TITLE}
- connection   refunds                                delete
To do it: {render.PRUNE}
"""


@pytest.mark.parametrize("log", [LOG, LOG + LOG, ""])
def test_the_last_lines_of_bootstrap_are_repeated(log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, log, "")

    monkeypatch.setattr(subprocess, "run", run)
    lines = up.left_by_bootstrap(datetime(2026, 1, 2, tzinfo=UTC))
    assert [line for line in lines if "refunds" in line or render.PRUNE in line] == lines[1:]
    assert len(lines) == (3 if log else 0)
    assert {"bootstrap", "2026-01-02T00:00:00+00:00"} <= set(asked[0])
