"""An object whose creation was interrupted is recognised, and another user's object of the same name is not taken."""

from pathlib import Path
from typing import Any

import pytest

from airbyte_as_code.airbyte_client import Kind
from airbyte_as_code.errors import UserError
from airbyte_as_code.state import State
from platform_kit.specification import MASK

ASKED: dict[str, Any] = {
    "name": "s",
    "definitionId": "d",
    "prefix": "",
    "configuration": {
        "bucket": "b",
        "credentials": {"key": "s3cret"},
        "streams": [{"name": "x"}, {"name": "y", "n": 1}],
    },
}


def is_ours(directory: Path, **shown: Any) -> bool:
    """Whether the next process recognises an object that Airbyte shows like this as the requested one."""
    State(directory).begin_creation(Kind.SOURCE, "s", ASKED)
    return State(directory).is_creation(Kind.SOURCE, ASKED | {"sourceId": "an-id"} | shown)


def configuration(**changes: Any) -> dict[str, Any]:
    masked = ASKED["configuration"] | {"credentials": {"key": MASK}}
    return {"configuration": masked | changes}


def test_what_was_asked_for_is_ours(tmp_path: Path) -> None:
    assert is_ours(tmp_path)
    assert is_ours(tmp_path, **configuration())
    assert is_ours(tmp_path, **configuration(region="filled in", sourceType="s3"), createdAt=1)
    assert is_ours(tmp_path, **configuration(streams=[{"name": "y", "n": 1}, {"name": "x", "m": 2}])), "another order"
    without = {key: value for key, value in ASKED.items() if key != "definitionId"}
    assert State(tmp_path).is_creation(Kind.SOURCE, without), "Airbyte 0.63 does not show it"


@pytest.mark.parametrize(
    "shown",
    [
        configuration(bucket="theirs"),
        {"configuration": {}},
        configuration(streams=[{"name": "x"}]),
        configuration(credentials={"key": "another"}),
        {"definitionId": "another"},
        {"name": "another"},
    ],
)
def test_anything_else_is_somebody_elses(tmp_path: Path, shown: dict[str, Any]) -> None:
    assert not is_ours(tmp_path, **shown)


def test_a_connection_is_recognised_whatever_form_its_settings_are_shown_in(tmp_path: Path) -> None:
    stream = {"name": "t", "syncMode": "incremental_append", "selectedFields": [{"fieldPath": ["a"]}]}
    asked = {
        "name": "c",
        "sourceId": "s",
        "destinationId": "d",
        "prefix": "",
        "schedule": {"scheduleType": "cron", "cronExpression": "0 0 12 * * ?"},
        "configurations": {"streams": [stream]},
    }
    State(tmp_path).begin_creation(Kind.CONNECTION, "c", asked)
    shown = asked | {"schedule": {"scheduleType": "cron", "cronExpression": "0 0 12 * * ? UTC"}}
    shown["configurations"] = {"streams": [{"name": "t", "syncMode": "incremental_append"}]}
    state = State(tmp_path)
    assert state.is_creation(Kind.CONNECTION, shown)
    assert not state.is_creation(Kind.CONNECTION, shown | {"sourceId": "another"})
    assert not state.is_creation(Kind.CONNECTION, shown | {"configurations": {"streams": []}})


def test_nothing_is_kept_in_plain(tmp_path: Path) -> None:
    State(tmp_path).begin_creation(Kind.SOURCE, "s", ASKED)
    assert "s3cret" not in (tmp_path / "state.json").read_text()


def interrupt(request: Any) -> None:
    if request.method == "POST" and request.url.path.endswith("/sources"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_object_that_somebody_makes_after_an_interruption_is_not_touched(
    session: Any, server: Any, moment: str
) -> None:
    setattr(server, moment, interrupt)
    with pytest.raises(KeyboardInterrupt):
        session.apply()
    setattr(server, moment, lambda _: None)
    ours = set(server.objects)
    assert len(ours) == (moment == "after")
    server.add("source", "x", {"name": "s", "definitionId": "source-s3", "configuration": {"bucket": "theirs"}})
    with pytest.raises(UserError, match="apply did not create"):
        session.apply()
    assert server.objects["x"]["configuration"] == {"bucket": "theirs"}
    assert ours < set(server.objects)
