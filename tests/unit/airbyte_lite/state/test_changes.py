"""Racing writers: no change is lost, and nothing that was deleted comes back."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from airbyte_lite.problem import Problem
from airbyte_lite.state.database import Database
from airbyte_lite.state.records import Actor, Connection, Stream, Workspace
from airbyte_lite.state.store import Store

from .states import global_state

WORKSPACE = Workspace("w1", "one", 1.0)
SOURCE = Actor("s1", "source", "w1", "files", "d1", {"bucket": "a"}, 2.0)
DESTINATION = Actor("t1", "destination", "w1", "tables", "d2", {}, 2.0)
STREAM = Stream({"name": "orders"}, "incremental_append", [["id"]], ["at"])
CONNECTION = Connection("c1", "w1", "orders", "s1", "t1", [STREAM], 3.0)
EVERYTHING = (WORKSPACE, SOURCE, DESTINATION, CONNECTION)
STATE = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "orders"}, "stream_state": {"at": 1}}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Database(tmp_path / "data")
    store = Store(database)
    for record in EVERYTHING:
        store.add(record)
    yield store
    database.close()


def race(*actions: Callable[[], object]) -> list[Exception]:
    """Do all at the same moment, each in a thread; return what they raised."""
    barrier = threading.Barrier(len(actions))
    raised: list[Exception] = []

    def run(action: Callable[[], object]) -> None:
        barrier.wait()
        try:
            action()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_changes_of_different_fields_are_all_kept(store: Store) -> None:
    for number in range(50):
        rename = lambda now, number=number: replace(now, name=f"name {number}")  # noqa: E731
        prefix = lambda now, number=number: replace(now, prefix=f"{number}_")  # noqa: E731
        status = lambda now, number=number: replace(now, status=f"status {number}")  # noqa: E731
        raised = race(*(lambda alter=alter: store.change(CONNECTION, alter) for alter in (rename, prefix, status)))
        assert raised == []
        found = store.connection("c1")
        assert (found.name, found.prefix, found.status) == (f"name {number}", f"{number}_", f"status {number}")


@pytest.mark.parametrize("record", EVERYTHING, ids=["workspace", "source", "destination", "connection"])
def test_nothing_comes_back(store: Store, record: Workspace | Actor | Connection) -> None:
    for number in range(50):
        delete_one_that_is_changed(store, replace(record, id=f"{record.id}-{number}"))


def delete_one_that_is_changed(store: Store, record: Workspace | Actor | Connection) -> None:
    def change() -> None:
        store.change(record, lambda now: replace(now, name="again"))

    store.add(record)
    raised = race(change, change, lambda: store.delete(record), change)
    assert all(isinstance(error, Problem) and error.status == 404 for error in raised)
    with pytest.raises(Problem):
        change()
    with pytest.raises(Problem):
        store.delete(record)


def test_a_refused_change_leaves_the_record(store: Store) -> None:
    def refuse(now: Actor) -> Actor:
        raise ValueError(now.name)

    with pytest.raises(ValueError, match="files"):
        store.change(SOURCE, refuse)
    assert store.actor("source", "s1") == SOURCE
    assert store.change(SOURCE, lambda now: replace(now, name="new")).name == "new"


def test_nothing_is_added_to_what_was_deleted(store: Store) -> None:
    store.delete(SOURCE)
    with pytest.raises(Problem, match="source with the id s1"):
        store.add(replace(CONNECTION, id="c2"))
    store.delete(WORKSPACE)
    with pytest.raises(Problem, match="workspace with the id w1"):
        store.add(replace(SOURCE, id="s2"))


def test_deleting_takes_along_what_cannot_be_without_it(store: Store) -> None:
    store.save_states(CONNECTION, [STATE])
    assert store.delete(WORKSPACE) == ["c1"]
    assert store.connections([], False, 10, 0) == []
    assert store.actors("source", [], False, 10, 0) == store.actors("destination", [], False, 10, 0) == []
    assert store.states("c1", ["orders"]) == []


def test_a_workspace_with_a_given_id_is_made_once_and_again_after_its_deletion(store: Store) -> None:
    made: list[Workspace] = []
    make = [
        lambda name=name: made.append(store.add_workspace_once(Workspace("w2", name, 1.0))) for name in ("a", "b", "c")
    ]
    assert race(*make) == []
    assert len({workspace.name for workspace in made}) == 1
    store.delete(made[0])
    assert store.add_workspace_once(Workspace("w2", "d", 2.0)).name == "d"
    assert store.workspace("w2").name == "d"


@pytest.mark.parametrize(
    ("streams", "kept"),
    [
        ([replace(STREAM, selected_fields=["id"])], [STATE]),
        ([replace(STREAM, sync_mode="full_refresh_append")], []),
        ([replace(STREAM, cursor_field=["changed_at"])], []),
        ([], []),
    ],
    ids=["columns", "mode", "cursor", "gone"],
)
def test_a_state_follows_its_stream(store: Store, streams: list[Stream], kept: list[object]) -> None:
    store.save_states(CONNECTION, [STATE])
    store.change(CONNECTION, lambda now: replace(now, streams=streams))
    assert store.states("c1", ["orders"]) == kept


def test_a_change_of_one_stream_keeps_the_others_in_a_global_state(store: Store) -> None:
    streams = [
        STREAM,
        replace(STREAM, stream={"name": "items"}),
        Stream({"name": "all"}, "full_refresh_append", [], []),
    ]
    both = store.change(CONNECTION, lambda now: replace(now, streams=streams))
    store.save_states(both, [global_state("orders", "items")])
    store.change(CONNECTION, lambda now: replace(now, prefix="x_"))
    assert store.states("c1", ["orders"]) == [global_state("orders", "items")]
    other_cursor = replace(STREAM, cursor_field=["changed_at"])
    store.change(CONNECTION, lambda now: replace(now, streams=[other_cursor, *streams[1:]]))
    assert store.states("c1", ["orders"]) == [global_state("items")]


@pytest.mark.parametrize("state", [STATE, global_state("orders")], ids=["stream", "global"])
def test_a_sync_keeps_no_state_of_a_stream_that_was_changed_meanwhile(store: Store, state: dict[str, object]) -> None:
    read = store.connection("c1")
    store.change(CONNECTION, lambda now: replace(now, streams=[replace(STREAM, cursor_field=["changed_at"])]))
    assert store.save_states(read, [state]) == ["orders"]
    assert store.states("c1", ["orders"]) == []
    assert store.save_states(store.connection("c1"), [state]) == []
    assert store.states("c1", ["orders"]) == [state]


def test_a_sync_keeps_no_state_of_a_deleted_connection(store: Store) -> None:
    read = store.connection("c1")
    store.delete(read)
    assert store.save_states(read, [STATE]) == ["orders"]
    assert store.states("c1", ["orders"]) == []
