"""The plan as data: it names what differs, needs no secrets, and changes nothing."""

import fcntl
from pathlib import Path

import httpx
import pytest

from airbyte_as_code.change import Action
from airbyte_as_code.overview import Overview, overview
from bootstrap.settings import Settings

from .conftest import FILE, FailingAirbyte, Session


def look(session: Session, **environment: str) -> Overview:
    file, state = session.directory / "connections.yaml", session.directory / "state"
    transport = httpx.MockTransport(session.server)
    return overview(Settings.read({}), file, state, environment=environment, transport=transport)


def test_it_is_empty_after_apply_and_names_what_was_changed_by_hand(session: Session) -> None:
    session.apply()
    assert look(session).is_empty
    assert look(session).differences == []
    session.server.by_hand("source", "s", configuration={"bucket": "other"})
    found = look(session)
    [item] = found.differences
    assert (item.kind, item.name, item.action) == ("source", "s", Action.UPDATE)
    assert item.where == f"{session.directory / 'connections.yaml'}:3"
    assert item.details == ['bucket: "other" → "b"']
    assert any("other" in line for line in found.lines)
    assert not found.is_empty


def test_it_changes_nothing(session: Session, server: FailingAirbyte) -> None:
    assert look(session).differences[0].action is Action.CREATE
    assert server.writes == []
    assert not (session.directory / "state").exists()


def test_values_that_only_apply_knows_are_not_compared(session: Session) -> None:
    session.write(FILE.replace("${SECRET:-one}", "${SECRET}"))
    session.apply(SECRET="s3cret", BUCKET="mine")
    assert look(session).is_empty  # neither the secret without a default, nor the bucket with one
    assert look(session, SECRET="s3cret", BUCKET="mine").is_empty
    [change] = look(session, SECRET="s3cret", BUCKET="yours").differences
    assert change.details == ['bucket: "mine" → "yours"']
    [change] = look(session, SECRET="another").differences
    assert change.details == ["secret: changed (secret)"]


def test_a_file_that_is_not_here_is_not_compared(session: Session, tmp_path: Path) -> None:
    session.write(FILE.replace("${SECRET:-one}", "${file:KEY_FILE}"))
    (tmp_path / "key").write_text("s3cret")
    session.apply(KEY_FILE=str(tmp_path / "key"))
    assert look(session, KEY_FILE=str(tmp_path / "not here")).is_empty


def test_a_broken_reference_is_refused_here_too(session: Session) -> None:
    session.write(FILE.replace("${SECRET:-one}", "${SECRET"))
    with pytest.raises(Exception, match=r"connections\.yaml:3: .*invalid reference"):
        look(session)


def test_a_running_apply_is_noticed(session: Session) -> None:
    session.apply()
    assert not look(session).is_being_applied
    with (session.directory / "state/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert look(session).is_being_applied
