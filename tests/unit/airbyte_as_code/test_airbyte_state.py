import contextlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from airbyte_as_code import state as state_module
from airbyte_as_code.airbyte_client import Kind
from airbyte_as_code.errors import UserError
from airbyte_as_code.state import State
from platform_kit import locks


def test_objects_and_secrets_are_remembered(tmp_path: Path) -> None:
    State(tmp_path).remember(Kind.SOURCE, "orders", "id-1", [("key", "s3cret")])
    state = State(tmp_path)
    assert state.name_of(Kind.SOURCE, "id-1") == "orders"
    assert state.name_of(Kind.DESTINATION, "id-1") is None
    assert state.secret_is_known("id-1", "key", "s3cret")
    assert not state.secret_is_known("id-1", "key", "other")
    assert not state.secret_is_known("id-1", "other", "s3cret")
    assert not state.secret_is_known("id-2", "key", "s3cret")


def test_neither_secret_nor_anything_readable_by_others_is_on_disk(tmp_path: Path) -> None:
    State(tmp_path).remember(Kind.SOURCE, "orders", "id-1", [("key", "s3cret")])
    for path in tmp_path.iterdir():
        assert "s3cret" not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"key", "state.json"}


def test_the_same_secret_has_another_hash_under_another_key(tmp_path: Path) -> None:
    hashes = []
    for name in ("a", "b"):
        State(tmp_path / name).remember(Kind.SOURCE, "orders", "id-1", [("key", "s3cret")])
        hashes.append(json.loads((tmp_path / name / "state.json").read_text())["objects"]["id-1"]["secrets"]["key"])
    assert hashes[0] != hashes[1]


def test_an_interrupted_creation_is_remembered_until_it_is_done(tmp_path: Path) -> None:
    State(tmp_path / "new").begin_creation(Kind.SOURCE, "orders", {})
    state = State(tmp_path / "new")
    assert state.is_being_created(Kind.SOURCE, "orders")
    assert not state.is_being_created(Kind.CONNECTION, "orders")
    state.remember(Kind.SOURCE, "orders", "id-1")
    assert not State(tmp_path / "new").is_being_created(Kind.SOURCE, "orders")


def test_a_deleted_object_is_forgotten(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.remember(Kind.SOURCE, "orders", "id-1")
    state.forget("id-1")
    assert State(tmp_path).name_of(Kind.SOURCE, "id-1") is None


def test_two_runs_at_once_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "RETRY_SECONDS", 0.0)
    with (
        State(tmp_path).locked(),
        pytest.raises(UserError, match=r"Another run of bootstrap.*/lock"),
        State(tmp_path).locked(),
    ):
        pass


def test_a_run_that_may_wait_waits_for_the_other_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "RETRY_SECONDS", 0.0)
    other = contextlib.ExitStack()
    other.enter_context(State(tmp_path).locked())
    with State(tmp_path, on_wait=other.close).locked():
        pass
    monkeypatch.setattr(state_module, "WAIT_SECONDS", 0.0)
    with State(tmp_path).locked(), pytest.raises(UserError, match="Another run of bootstrap"):
        State(tmp_path, on_wait=lambda: None).locked().__enter__()


def test_what_another_run_wrote_is_seen_once_the_lock_is_held(tmp_path: Path) -> None:
    state = State(tmp_path)
    State(tmp_path).remember(Kind.SOURCE, "orders", "id-1")
    with state.locked():
        assert state.name_of(Kind.SOURCE, "id-1") == "orders"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "Invalid JSON"),
        ("{", "Invalid JSON"),
        ("[]", "Input should be an object"),
        ('{"objects": []}', "objects: Input should be an object"),
        ('{"objects": {"id-1": {"kind": "source", "name": ["s3cret"]}}}', "objects.id-1.name: .*valid string"),
        ('{"objects": {"id-1": {"name": "orders"}}}', "objects.id-1.kind: Field required"),
        ('{"creating": {"source orders": []}}', "creating.source orders: Input should be"),
        ('{"workspaces": [1]}', "workspaces.0: .*valid string"),
    ],
)
def test_a_broken_file_says_what_to_do(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(UserError, match=rf"state\.json cannot be read \({why}(.|\n)*make apply o=--adopt") as caught:
        State(tmp_path)
    assert "s3cret" not in str(caught.value)


def test_a_state_of_before_creations_were_hashed_is_read(tmp_path: Path) -> None:
    old = {
        "workspaces": ["w"],
        "objects": {"id-1": {"kind": "source", "name": "orders", "secrets": {}}},
        "creating": [],
    }
    (tmp_path / "state.json").write_text(json.dumps(old))
    state = State(tmp_path)
    assert state.name_of(Kind.SOURCE, "id-1") == "orders"
    assert state.made_workspace("w")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "0 bytes instead of 32"), (b"ab" * 31, "31 bytes"), (b"not a key", "non-hexadecimal"), (b"\xff", "utf-8")],
)
def test_a_broken_key_is_found_before_anything_is_sent(session: Any, server: Any, content: bytes, why: str) -> None:
    session.apply()
    key = session.directory / "state" / "key"
    key.write_bytes(content)
    server.writes.clear()
    for command in (session.plan, session.apply):
        with pytest.raises(
            UserError, match=rf"state/key, .* cannot be read \(.*{why}(.|\n)*Delete (.|\n)*make apply"
        ) as caught:
            command()
    assert content.decode(errors="replace") not in str(caught.value) or not content
    assert server.writes == []
    key.unlink()
    session.apply()
    assert server.writes == ["PUT source"]  # the one with a secret
    assert session.plan().is_empty


def test_a_plan_writes_nothing(session: Any) -> None:
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (session.directory / "state").glob("*")}

    session.plan()
    assert files() == {}
    session.apply()
    (session.directory / "state" / "key").unlink()
    before = files()
    [change] = [change for change in session.plan().changes if change.fields]
    assert (change.name, [item.path for item in change.fields]) == ("s", ["secret"])
    assert files() == before
