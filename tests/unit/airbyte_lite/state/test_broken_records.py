"""A stored record that cannot be read is left out of lists, named when it is asked for, and can be deleted."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from airbyte_lite.problem import Problem
from airbyte_lite.state.database import Database
from airbyte_lite.state.records import Actor, Connection, Stream
from airbyte_lite.state.store import Store

SOURCE = Actor("s0", "source", "w1", "files", "d1", {"key": "s3cret"}, 2.0)
STREAM = Stream({"name": "orders"}, "incremental_append", [["id"]], ["at"])
CONNECTION = Connection("c0", "w1", "orders", "s0", "t1", [STREAM], 3.0, cron="0 0 12 * * ?")


def nested(levels: int) -> Any:
    return json.loads('{"a":' * levels + "1" + "}" * levels)


@pytest.fixture
def store(database: Database) -> Store:
    store = Store(database)
    for number in range(4):
        store.add(replace(SOURCE, id=f"s{number}"))
        store.add(replace(CONNECTION, id=f"c{number}"))
    return store


def spoil(database: Database, identifier: str, document: str | bytes) -> None:
    with database.write() as connection:
        connection.execute("update objects set document = ? where id = ?", (document, identifier))


BROKEN = [
    pytest.param("not JSON", "Expecting value", id="not JSON"),
    pytest.param("", "Expecting value", id="empty"),
    pytest.param(b"\xff\xfe\x00", "decode", id="not text"),
    pytest.param("{}", "name: Field required", id="without fields"),
    pytest.param(json.dumps(asdict(SOURCE) | {"configuration": 7}), "configuration", id="wrong type"),
    pytest.param(json.dumps(asdict(SOURCE) | {"created_at": 1e300}), "created_at", id="no time"),
    pytest.param(json.dumps(asdict(SOURCE) | {"name": "\ud800"}), "surrogates", id="surrogate"),
    pytest.param(json.dumps(asdict(SOURCE) | {"name": "s3cret", "configuration": {"x": float("nan")}}), "", id="NaN"),
    pytest.param(json.dumps(asdict(SOURCE) | {"configuration": nested(300)}), "200 levels", id="nested"),
]


@pytest.mark.parametrize(("document", "reason"), BROKEN)
def test_broken_record_leaves_the_lists_and_is_named(
    database: Database, store: Store, caplog: pytest.LogCaptureFixture, document: str | bytes, reason: str
) -> None:
    spoil(database, "s1", document)
    for _ in range(2):
        assert [actor.id for actor in store.actors("source", [], True, 2, 0)] == ["s0", "s2"], "the page is full"
        assert [actor.id for actor in store.actors("source", ["w1"], False, 2, 2)] == ["s3"]
    assert caplog.text.count("source s1 cannot be read") == 1
    with pytest.raises(Problem, match=r"source s1 cannot be read.*DELETE /api/public/v1/sources/s1") as caught:
        store.actor("source", "s1")
    assert reason in caught.value.message
    assert "s3cret" not in caught.value.message + caplog.text
    store.delete(store.stored("source", "s1"))
    with pytest.raises(Problem) as caught:
        store.actor("source", "s1")
    assert caught.value.status == 404


@pytest.mark.parametrize("document", ["not JSON", "{}", '{"status": "active", "cron": "x"}'])
def test_broken_connection_stops_neither_schedules_nor_deletions(
    database: Database, store: Store, document: str
) -> None:
    spoil(database, "c1", document)
    assert [connection.id for connection in store.scheduled_connections()] == ["c0", "c2", "c3"]
    assert store.delete(SOURCE) == ["c0", "c2", "c3"]
    assert store.delete(store.stored("connection", "c1")) == ["c1"]


def test_repaired_record_is_listed_again(database: Database, store: Store) -> None:
    spoil(database, "s1", "not JSON")
    assert len(store.actors("source", [], False, 10, 0)) == 3
    spoil(database, "s1", json.dumps(asdict(replace(SOURCE, id="s1"))))
    assert store.actor("source", "s1").id == "s1"
    assert len(store.actors("source", [], False, 10, 0)) == 4


@pytest.mark.parametrize("configuration", [nested(300), nested(2000), {"x": float("inf")}, {"x": "\ud800"}])
def test_what_could_not_be_read_is_not_stored(store: Store, configuration: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="source s9 cannot be stored") as caught:
        store.add(replace(SOURCE, id="s9", configuration=configuration))
    assert caught.value.status == 422
    with pytest.raises(Problem, match="source s0 cannot be stored"):
        store.change(SOURCE, lambda now: replace(now, configuration=configuration))
    assert store.actor("source", "s0") == SOURCE


def test_list_of_many_workspaces(store: Store) -> None:
    assert len(store.actors("source", ["w1", *map(str, range(40_000))], False, 10, 0)) == 4
