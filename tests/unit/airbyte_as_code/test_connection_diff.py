from typing import Any

import pytest

from airbyte_as_code.connection_diff import chosen, connection_changes, lost_states, not_kept

CONNECTION: dict[str, Any] = {
    "name": "c",
    "prefix": "",
    "schedule": {"scheduleType": "manual"},
    "configurations": {
        "streams": [
            {"name": "a", "syncMode": "full_refresh_overwrite"},
            {"name": "b", "syncMode": "incremental_deduped_history", "primaryKey": [["id"]]},
        ]
    },
}


def test_a_connection_as_airbyte_shows_it_is_no_difference() -> None:
    shown = CONNECTION | {
        "connectionId": "1",
        "prefix": None,
        "schedule": {"scheduleType": "manual", "basicTiming": None},
        "configurations": {
            "streams": [
                {
                    "name": "b",
                    "syncMode": "incremental_deduped_history",
                    "primaryKey": [["id"]],
                    "cursorField": ["_ab_source_file_last_modified"],
                },
                {"name": "a", "syncMode": "full_refresh_overwrite", "primaryKey": [], "cursorField": []},
            ]
        },
    }
    assert list(connection_changes(CONNECTION, shown, {})) == []


def test_what_differs_in_a_connection() -> None:
    shown = {
        "name": "renamed",
        "prefix": "x_",
        "schedule": {"scheduleType": "cron", "cronExpression": "0 0 * * * ?"},
        "configurations": {"streams": [{"name": "a", "syncMode": "full_refresh_append"}, {"name": "z"}]},
    }
    assert [(change.path, change.old, change.new) for change in connection_changes(CONNECTION, shown, {})] == [
        ("name", "renamed", "c"),
        ("prefix", "x_", ""),
        ("schedule", "0 0 * * * ?", "manual"),
        ("streams.a.syncMode", "full_refresh_append", "full_refresh_overwrite"),
        ("streams.b", None, "incremental_deduped_history"),
        ("streams.z", None, None),
    ]


def changes(shown: dict[str, Any], filled_in: dict[str, Any] | None = None) -> list[tuple[str, Any, Any]]:
    found = connection_changes(CONNECTION, CONNECTION | shown, filled_in or {})
    return [(change.path, change.old, change.new) for change in found]


def streams(**settings: Any) -> dict[str, Any]:
    """The declared connection with other settings of stream b."""
    a, b = CONNECTION["configurations"]["streams"]
    return {"configurations": {"streams": [a, b | settings]}}


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"schedule": {"scheduleType": "manual"}}, []),
        (
            {"schedule": {"scheduleType": "basic", "basicTiming": "Every 24 hours"}},
            [("schedule", "Every 24 hours", "manual")],
        ),
        ({"tags": [{"name": "finance"}], "statusReason": "x", "createdAt": 1}, []),
        (streams(selectedFields=[], mappers=None, includeFiles=False), []),
        (
            streams(selectedFields=[{"fieldPath": ["id"]}]),
            [("streams.b.selectedFields", [{"fieldPath": ["id"]}], None)],
        ),
        (streams(mappers=[{"type": "hashing"}]), [("streams.b.mappers", [{"type": "hashing"}], None)]),
        (streams(primaryKey=[["x"]]), [("streams.b.primaryKey", [["x"]], [["id"]])]),
        (streams(namespace="public"), []),
    ],
)
def test_settings_that_are_not_declared(shown: dict[str, Any], expected: list[tuple[str, Any, Any]]) -> None:
    assert changes(shown) == expected


def test_what_airbyte_fills_in_is_compared_with_what_it_filled_in_first() -> None:
    made = CONNECTION | streams(cursorField=["updated"])
    assert changes(made, chosen(made)) == []
    assert changes(made) == []  # not known: made by hand and taken over
    assert changes(streams(cursorField=["created"]), chosen(made)) == [
        ("streams.b.cursorField", ["created"], ["updated"])
    ]
    by_hand = CONNECTION["configurations"]["streams"][0] | {"primaryKey": [["id"]]}
    shown = {"configurations": {"streams": [by_hand, made["configurations"]["streams"][1]]}}
    assert changes(shown, chosen(made)) == [("streams.a.primaryKey", [["id"]], None)]


def test_column_selection_is_a_set() -> None:
    x, y = {"fieldPath": ["x"]}, {"fieldPath": ["y"]}
    wanted, shown = ({"configurations": {"streams": [{"name": "a", "selectedFields": s}]}} for s in ([x, y], [y, x]))
    assert list(connection_changes(wanted, shown, {})) == []


def test_a_cron_schedule_is_compared_without_the_default_time_zone() -> None:
    wanted = {"schedule": {"scheduleType": "cron", "cronExpression": "0 0 12 * * ?"}}
    shown = {"schedule": {"scheduleType": "cron", "cronExpression": "0 0 12 * * ? UTC"}}
    assert list(connection_changes(wanted, shown, {})) == []
    [change] = connection_changes(wanted, {"schedule": {"scheduleType": "manual"}}, {})
    assert (change.old, change.new) == ("manual", "0 0 12 * * ?")


def test_streams_of_the_same_name_in_two_schemas() -> None:
    both = [{"name": "t", "namespace": name, "syncMode": "full_refresh_append"} for name in ("one", "two")]
    wanted = {"configurations": {"streams": both}}
    assert list(connection_changes(wanted, {"configurations": {"streams": both[::-1]}}, {})) == []
    [change] = connection_changes(wanted, {"configurations": {"streams": both[:1]}}, {})
    assert (change.path, change.new) == ("streams.two.t", "full_refresh_append")


def test_an_airbyte_that_shows_no_namespace_has_the_same_stream() -> None:
    stream = {"name": "t", "syncMode": "incremental_append"}
    wanted = {"configurations": {"streams": [stream | {"namespace": "public"}]}}
    found = {"configurations": {"streams": [stream]}}
    changes = list(connection_changes(wanted, found, {}))
    assert [(change.path, change.old, change.new) for change in changes] == [("streams.t.namespace", None, "public")]
    assert lost_states(found, changes) == []
    other = {"configurations": {"streams": [stream | {"namespace": "other"}]}}
    assert [change.path for change in connection_changes(wanted, other, {})] == ["streams.public.t", "streams.other.t"]


@pytest.mark.parametrize(
    ("sent", "answered", "lacking"),
    [
        ({"namespace": "x", "selectedFields": [{"fieldPath": ["id"]}]}, {}, {"namespace", "selectedFields"}),
        ({"cursorField": ["a"]}, {"cursorField": []}, {"cursorField"}),
        (
            {"cursorField": ["a"], "namespace": "x"},
            {"cursorField": ["a"], "namespace": "x", "includeFiles": True},
            set(),
        ),
        ({"selectedFields": []}, {}, set()),
        ({}, {"namespace": "x", "cursorField": ["a"], "selectedFields": [{"fieldPath": ["id"]}]}, set()),
    ],
)
def test_what_an_answer_lacks_of_what_was_sent(
    sent: dict[str, Any], answered: dict[str, Any], lacking: set[str]
) -> None:
    stream = {"name": "t", "syncMode": "incremental_append"}
    wanted, answer = ({"configurations": {"streams": [stream | settings]}} for settings in (sent, answered))
    assert set(not_kept(wanted, answer)) == {f"streams.t.{key}" for key in lacking}


def test_an_answer_that_lacks_a_stream() -> None:
    one, two = ({"name": "t", "namespace": name, "syncMode": "full_refresh_append"} for name in ("one", "two"))
    wanted, answer = ({"configurations": {"streams": streams}} for streams in ([one, two], [two]))
    assert not_kept(wanted, answer) == ["streams.one.t"]


INCREMENTAL = {"name": "b", "syncMode": "incremental_append", "cursorField": ["x"]}


@pytest.mark.parametrize(
    ("found", "wanted", "lost"),
    [
        (INCREMENTAL, INCREMENTAL, []),
        (INCREMENTAL, INCREMENTAL | {"syncMode": "incremental_deduped_history", "primaryKey": [["id"]]}, []),
        (INCREMENTAL, INCREMENTAL | {"syncMode": "full_refresh_append"}, ["b"]),
        (INCREMENTAL, INCREMENTAL | {"cursorField": ["y"]}, ["b"]),
        (INCREMENTAL, INCREMENTAL | {"name": "renamed"}, ["b"]),
        (INCREMENTAL | {"syncMode": "full_refresh_append"}, INCREMENTAL, []),
        (INCREMENTAL | {"syncMode": "full_refresh_append"}, INCREMENTAL | {"name": "renamed"}, []),
    ],
)
def test_which_changes_cost_the_sync_state(found: dict[str, Any], wanted: dict[str, Any], lost: list[str]) -> None:
    before, after = ({"configurations": {"streams": [stream]}} for stream in (found, wanted))
    assert lost_states(before, connection_changes(after, before, {})) == lost
