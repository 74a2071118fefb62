"""A query with a lost answer: to its start, or to a question about its job."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from console.clients.calls import ServiceError
from console.logic.sql import running
from console.logic.sql.running import Limits, Running
from console.logic.sql.statements import Chosen

LOST = ServiceError("BigQuery", "no answer within 10 seconds", "make logs s=warehouse")


class Slow:
    """A warehouse whose calls are the given answers in turn; an error is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [*answers]

    async def call(self, _function: Callable[[Any], Any], _seconds: float = 0) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def state(name: str) -> Any:
    return SimpleNamespace(state=name, error_result=None)


def ended(query: Running, *answers: Any, seconds: int = 60) -> Any:
    return asyncio.run(running.run(Slow(*answers), query, Limits(seconds, 10)))  # type: ignore[arg-type]


def test_a_look_without_an_answer_is_repeated() -> None:
    assert ended(Running(Chosen("select 1")), state("RUNNING"), LOST, state("DONE"), "outcome") == "outcome"


def test_a_job_whose_start_got_no_answer_is_found_by_its_id() -> None:
    assert ended(Running(Chosen("select 1")), LOST, state("DONE"), "outcome") == "outcome"


@pytest.mark.parametrize("answers", [(LOST, LOST, LOST), (LOST, LOST, None)])
def test_a_job_that_may_still_run_is_named(answers: tuple[Any, ...]) -> None:
    query = Running(Chosen("select 1"))
    with pytest.raises(ServiceError, match=query.id):
        ended(query, *answers)
    assert query.is_cancelled


def test_a_late_job_that_cannot_be_cancelled_is_named() -> None:
    query = Running(Chosen("select 1"))
    with pytest.raises(ServiceError, match=query.id):
        ended(query, state("RUNNING"), LOST, seconds=-10)
