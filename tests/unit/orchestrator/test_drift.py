"""A difference between Airbyte and connections.yaml is reported once, after a second look, and once when it is gone."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import httpx
import pytest

from airbyte_as_code import overview as overview_module
from airbyte_as_code.airbyte_client import AirbyteClient
from orchestrator.alerts import drift
from orchestrator.alerts.drift import CONFIRM_SECONDS, NAME, Drift, observe
from orchestrator.alerts.incidents import Book, apply
from orchestrator.settings import Settings

from ..airbyte_as_code.conftest import FILE, FailingAirbyte, Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(FailingAirbyte(), tmp_path)


@pytest.fixture
def sent(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests of a look."""
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return session.server(request)

    def client(access: Any, _: Any) -> AirbyteClient:
        return AirbyteClient(access, httpx.MockTransport(answer))

    monkeypatch.setattr(overview_module, "AirbyteClient", client)
    return paths


def look(session: Session, before: Drift = Drift(), now: float = 1000.0) -> Drift | str:  # noqa: B008 - is frozen
    file, state = session.directory / "connections.yaml", session.directory / "state"
    return drift.look(Settings.read({"CONNECTIONS_FILE": str(file), "BOOTSTRAP_STATE_DIR": str(state)}), before, now)


def told(monkeypatch: pytest.MonkeyPatch, book: Book, found: Drift, *, running: bool = True) -> Any:
    data = SimpleNamespace(cursor=found.model_dump_json())
    state = SimpleNamespace(instigator_name=NAME, is_running=running, sensor_instigator_data=data)
    monkeypatch.setattr(dg.DagsterInstance, "all_instigator_state", lambda _: [state])
    with dg.DagsterInstance.ephemeral() as instance:
        return apply(book, [observe(instance, book)], found.looked_at)


@pytest.mark.usefixtures("sent")
def test_a_difference_is_told_once_with_its_fields_and_recovers_once(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.apply()
    found = look(session)
    assert isinstance(found, Drift)
    assert found.since is None
    session.server.by_hand("source", "s", configuration={"bucket": "other"})
    book, messages = Book(), list[Any]()
    for number in range(1, 4):
        found = look(session, found, 1000.0 + CONFIRM_SECONDS * number)
        assert isinstance(found, Drift)
        book, new = told(monkeypatch, book, found)
        messages.append(new)
    assert [len(new) for new in messages] == [0, 1, 0]
    text = messages[1][0].text
    assert all(fact in text for fact in ("source s", '"other" → "b"', "make plan", "make apply"))
    session.apply()
    found = look(session, found, 2000.0)
    assert isinstance(found, Drift)
    book, [recovered] = told(monkeypatch, book, found)
    assert recovered.kind == "recovered"
    assert "source s" in recovered.text
    assert book.incidents == {}


@pytest.mark.usefixtures("sent")
def test_what_is_being_applied_is_not_told(session: Session) -> None:
    assert "no state.json" in str(look(session))
    session.apply()
    session.server.by_hand("source", "s", configuration={"bucket": "other"})
    with session.state().locked():
        assert "is being applied" in str(look(session))


def test_a_look_is_eight_requests_however_many_connections_there_are(session: Session, sent: list[str]) -> None:
    block = FILE[FILE.index("  - name: c\n") :].replace("name: c\n", "name: c$\n").replace("name: t,", "name: t$,")
    block = block.replace("shop.t", "shop.t$")
    session.write(FILE + "".join(block.replace("$", str(number)).replace(f"{number}{{", "${") for number in range(20)))
    session.apply()
    found = look(session)
    assert isinstance(found, Drift)
    assert found.objects == []
    assert len(sent) == 8, sent


@pytest.mark.usefixtures("sent")
def test_an_airbyte_that_does_not_answer_fails_the_look(session: Session) -> None:
    session.apply()
    session.server.before = lambda _: httpx.Response(401)
    with pytest.raises(dg.Failure, match="requires credentials"):
        look(session)


def test_a_sensor_that_was_switched_off_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Drift(looked_at=1000.0, since=900.0, objects=["source s"], text="why")
    book, [failed] = told(monkeypatch, Book(), found)
    assert failed.kind == "failed"
    for unknown in (
        told(monkeypatch, book, found, running=False),
        told(monkeypatch, book, Drift()),  # it runs again, and has not looked yet
    ):
        assert unknown == (book, [])
    book, [recovered] = told(monkeypatch, book, Drift(looked_at=2000.0))
    assert (recovered.kind, book.incidents) == ("recovered", {})


def test_it_looks_again_after_its_interval_and_sooner_while_there_is_a_difference() -> None:
    assert Drift().is_due(1000.0, 300)
    assert not Drift(looked_at=1000.0).is_due(1299.0, 300)
    assert Drift(looked_at=1000.0).is_due(1300.0, 300)
    assert Drift(looked_at=1000.0).is_due(500.0, 300)  # the clock was set back
    assert Drift(looked_at=1000.0, since=1000.0).is_due(1060.0, 300)


@pytest.mark.parametrize("cursor", [None, "", "{", json.dumps({"other": 1})])
def test_a_cursor_that_is_not_readable_is_as_none(cursor: str | None) -> None:
    assert Drift.read(cursor) == Drift()
