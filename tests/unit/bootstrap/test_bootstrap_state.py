import json
import stat
from pathlib import Path

import pytest

from bootstrap.airbyte_client import Kind
from bootstrap.errors import UserError
from bootstrap.state import State


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
    State(tmp_path / "new").begin_creation(Kind.SOURCE, "orders")
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


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    with (
        State(tmp_path).locked(),
        pytest.raises(UserError, match="Another run of bootstrap is at work"),
        State(tmp_path).locked(),
    ):
        pass


def test_what_another_run_wrote_is_seen_once_the_lock_is_held(tmp_path: Path) -> None:
    state = State(tmp_path)
    State(tmp_path).remember(Kind.SOURCE, "orders", "id-1")
    with state.locked():
        assert state.name_of(Kind.SOURCE, "id-1") == "orders"


def test_a_broken_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(UserError, match="apply --adopt"):
        State(tmp_path)
