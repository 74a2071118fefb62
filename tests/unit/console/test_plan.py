"""The page Changes: the plan of airbyte_as_code as a diff."""

from pathlib import Path

import pytest

from airbyte_as_code.change import Action
from airbyte_as_code.errors import UserError
from airbyte_as_code.overview import Item, Overview
from console.clients.airbyte import Airbyte
from console.clients.calls import ServiceError
from console.logic.airbyte import plan
from console.settings import Settings

from .airbyte_answers import Server

CHANGED = Item(
    "source",
    "orders",
    Action.UPDATE,
    [
        'endpoint: "http://a" → "http://b: c"',
        "key: changed (secret)",
        '''prefix: (absent) → "x"''',
        "the sync state of orders is lost",
    ],
    "/somewhere/connections.yaml:12",
    needs_consent=True,
)


def test_the_diff_of_one_object() -> None:
    assert [*plan.diff_lines(CHANGED)] == [
        '-endpoint: "http://a"',
        '+endpoint: "http://b: c"',
        " key: changed (secret)",
        '+prefix: "x"',
    ]
    assert plan.notes(CHANGED) == ["the sync state of orders is lost"]


def test_the_summary() -> None:
    same = Item("workspace", "W", Action.UNCHANGED)
    assert plan.summary(Overview([same], [], True, False)) == "Airbyte has what connections.yaml declares."
    words = plan.summary(Overview([same, CHANGED], [], False, False))
    assert "1 of 2 objects" in words
    assert "--prune" in words


@pytest.mark.parametrize("error", [UserError("The address is wrong."), ValueError("odd")])
def test_a_plan_that_cannot_be_made_is_told(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(plan, "overview", fail)

    async def ask(airbyte: Airbyte) -> object:
        return await plan.planned(airbyte, Settings(connections_file=Path("connections.yaml")))

    with pytest.raises(ServiceError, match=str(error)) as caught:
        Server({}).ask(ask)
    assert (caught.value.remedy == "make plan") == isinstance(error, UserError)
