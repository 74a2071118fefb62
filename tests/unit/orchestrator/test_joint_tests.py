"""The choice of data tests that are asked together, and the part of the answer that each test gets."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.joint_tests import board, query
from orchestrator.joint_tests.board import Board, Cancelled


@dataclass
class Response:
    """An adapter's response."""

    _message: str
    rows_affected: int
    bytes_processed: int | None
    bytes_billed: int | None
    job_id: str


def node(name: str, *parents: str, kind: str = "test", **config: Any) -> Any:
    settings = SimpleNamespace(fail_calc=config.pop("fail_calc", "count(*)"), get=config.get)
    return SimpleNamespace(
        unique_id=name, resource_type=kind, depends_on=SimpleNamespace(nodes=list(parents)), config=settings
    )


class Dbt:
    """What the board uses of dbt. The query of a test is its name."""

    def __init__(self, *broken: str) -> None:
        self.broken, self.notes, self.stored = broken, list[str](), dict[str, tuple[Any, Any]]()

    def context(self, node: Any, *_: Any) -> Any:
        return {"id": node.unique_id}

    def rendered(self, _macro: str, context: Any, _manifest: Any) -> str:
        if context["id"] in self.broken:
            raise ValueError("no such macro")
        return str(context["id"])

    def message(self, _adapter: Any, response: Any) -> str:
        return f"{response.rows_affected} row, {response.bytes_processed} bytes"

    def store(self, context: Any, response: Any, row: Any) -> None:
        self.stored[context["id"]] = response, row

    def note(self, text: str) -> None:
        self.notes.append(text)


class Runner:
    """A runner of dbt with an adapter whose answer is the number of each test."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked, self.fails = list[str](), fails
        self.config = None
        self.adapter = self.compiler = self

    def compile_node(self, node: Any, *_: Any) -> Any:
        return node

    def execute(self, sql: str, **_: Any) -> Any:
        self.asked.append(sql)
        if self.fails:
            raise RuntimeError("the query is wrong")
        count = sql.count(query.NUMBER)
        rows = [
            {query.NUMBER: at, "failures": at, "should_warn": at > 0, "should_error": False}
            for at in reversed(range(count))  # the rows of a union have no order
        ]
        return Response("SELECT", count, 10 * count + 1, None, "job"), SimpleNamespace(rows=rows)


def made(dbt: Dbt, *nodes: Any) -> tuple[Board, dict[str, Any]]:
    known = {each.unique_id: each for each in nodes}
    return Board(dbt, SimpleNamespace(nodes=known), known), known


def test_tests_of_the_same_tables_are_asked_once_and_each_gets_its_row() -> None:
    dbt, runner = Dbt(), Runner()
    asked, nodes = made(dbt, node("a", "m"), node("b", "m"), node("c", "m", "n"), node("m", kind="model"))
    contexts = {name: asked.context(runner, nodes[name]) for name in ("b", "a", "c")}
    assert contexts == {"a": {"id": "a"}, "b": {"id": "b"}, "c": None}
    assert len(runner.asked) == 1
    assert {name: row["failures"] for name, (_, row) in dbt.stored.items()} == {"a": 0, "b": 1}
    sentences = [response._message for response, _ in dbt.stored.values()]
    assert sentences == ["1 row, 11 bytes", "1 row, 10 bytes"], "the sum of the bytes is the query's"
    assert {
        (response.rows_affected, response.bytes_billed, response.job_id) for response, _ in dbt.stored.values()
    } == {(1, None, "job")}


@pytest.mark.parametrize(
    "other",
    [
        node("b", "m", fail_calc="sum(x)"),
        node("b", "m", sql_header="create temp function f() as (1);"),
        node("b", "m", job_execution_timeout_seconds=5),
        node("b"),
        node("b", "n"),
        node("b", "m", kind="model"),
    ],
)
def test_a_test_that_cannot_be_joined_is_asked_alone(other: Any) -> None:
    asked, nodes = made(Dbt(), node("a", "m"), other)
    runner = Runner()
    assert [asked.context(runner, each) for each in nodes.values()] == [None, None]
    assert runner.asked == []


def test_an_error_of_one_test_leaves_the_others_their_way() -> None:
    dbt, runner = Dbt("b"), Runner()
    asked, nodes = made(dbt, *(node(name, "m") for name in "abc"))
    assert asked.context(runner, nodes["b"]) is None
    assert asked.context(runner, nodes["a"]) == {"id": "a"}
    assert any("b is not asked" in note and "no such macro" in note for note in dbt.notes)


def test_after_a_failed_query_each_test_is_asked_alone_unless_dbt_ends() -> None:
    dbt, runner = Dbt(), Runner(fails=True)
    asked, nodes = made(dbt, node("a", "m"), node("b", "m"))
    assert asked.context(runner, nodes["a"]) is None
    assert "the query is wrong" in dbt.notes[-1]
    asked.cancelled = True
    with pytest.raises(Cancelled):
        asked.context(runner, nodes["b"])
    assert len(runner.asked) == 1


@pytest.mark.parametrize("when", ["before", "while the query is made"])
def test_no_query_is_asked_after_dbt_has_ended_its_queries(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dbt, runner = Dbt(), Runner()
    asked, nodes = made(dbt, node("a", "m"), node("b", "m"))
    asked.cancelled = when == "before"

    def rendered(_macro: str, context: Any, _manifest: Any) -> str:
        asked.cancelled = True
        return str(context["id"])

    monkeypatch.setattr(dbt, "rendered", rendered)
    for each in nodes.values():
        with pytest.raises(Cancelled):
            asked.context(runner, each)
    assert runner.asked == []


def test_a_query_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "MOST_TESTS", 2)
    found = board.groups({name: node(name, "m") for name in "abcde"})
    assert [group.tests for group in found] == [["a", "b"], ["c", "d"]]
    monkeypatch.setattr(query, "MOST_CHARACTERS", 10)
    assert query.chosen({"a": "x" * 6, "b": "x" * 5}) == ["a"]


def test_an_incomplete_answer_is_refused() -> None:
    row = {query.NUMBER: 0, "failures": 0, "should_warn": False, "should_error": False}
    for rows in ([], [row], [row, row]):
        with pytest.raises(ValueError, match=f"{len(rows)} rows for 2 tests"):
            query.rows(SimpleNamespace(rows=rows), 2)
