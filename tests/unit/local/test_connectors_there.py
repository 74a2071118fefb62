"""`make apply` right after `make connector`: it waits for the airbyte-lite that `make dev` starts again."""

import io
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tools import direct
from tools.local import connectors_there
from tools.local.dev import CONNECTIONS, WATCHED

OLD, NEW = ("source-s3", "4.16.1"), ("source-faker", "6.2.21")
URL = "http://127.0.0.1:8000"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    file = tmp_path / connectors_there.REGISTRY
    file.parent.mkdir(parents=True)
    file.write_text("".join(f'[{name}]\nversion = "{version}"\n' for name, version in (OLD, NEW)))
    return tmp_path


def serve(monkeypatch: pytest.MonkeyPatch, answers: list[list[tuple[str, str]] | None]) -> list[str]:
    """Answer each question with the next list of connectors; None: the server is not there. Return the questions."""
    asked: list[str] = []

    def answer(request: urllib.request.Request, timeout: float) -> Any:
        asked.append(request.full_url)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if found is None:
            raise ConnectionRefusedError(timeout)
        definitions = [{"dockerRepository": f"airbyte/{name}", "dockerImageTag": tag} for name, tag in found]
        return io.BytesIO(json.dumps({"sourceDefinitions": definitions}).encode())

    monkeypatch.setattr(direct, "open_url", answer)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return asked


def test_it_waits_until_the_new_server_has_the_connector(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, told = serve(monkeypatch, [[OLD], None, None, [OLD, NEW]]), list[str]()
    connectors_there.wait_for_connectors(checkout, URL, lambda: told.append("waits"))
    assert (len(asked), told) == (4, ["waits"])


def test_another_version_is_waited_for_too(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = serve(monkeypatch, [[OLD, (NEW[0], "6.2.20")], [OLD, NEW]])
    connectors_there.wait_for_connectors(checkout, URL, lambda: None)
    assert len(asked) == 2


def test_it_does_not_wait_for_a_server_that_has_them_or_for_ever(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = list[str]()
    serve(monkeypatch, [[OLD, NEW, ("source-other", "1")]])
    connectors_there.wait_for_connectors(checkout, URL, lambda: told.append("waits"))
    assert told == []
    monkeypatch.setattr(connectors_there, "WAIT_SECONDS", 0.0)
    serve(monkeypatch, [None])
    connectors_there.wait_for_connectors(checkout, URL, lambda: told.append("waits"))
    assert told == []  # nothing is known of a server that does not answer
    serve(monkeypatch, [[OLD]])
    connectors_there.wait_for_connectors(checkout, URL, lambda: told.append("waits"))
    assert told == ["waits"]


def test_make_dev_restarts_airbyte_before_it_applies() -> None:
    assert [*WATCHED].index("airbyte") < [*WATCHED].index(CONNECTIONS)
