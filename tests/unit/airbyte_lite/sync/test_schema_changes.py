"""The effect of a changed source schema on a connection."""

import copy
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airbyte_lite.loader.types import field_type
from airbyte_lite.loader.widening import widest
from airbyte_lite.state.records import Stream
from airbyte_lite.sync.catalog import StreamChoice, configure, in_known_order
from airbyte_lite.sync.offered import CatalogError
from airbyte_lite.sync.schema_changes import compare, take_over
from airbyte_lite.sync.stream_schema import as_source_spells, columns, selected_schema

from .test_catalog import FALLBACK, ORDERS, PAGES, offered

DEDUPED = "incremental_deduped_history"


def incremental(**columns: str) -> list[dict[str, Any]]:
    [stream] = offered(**columns)
    return [stream | {"supported_sync_modes": ["full_refresh", "incremental"]}]


def deduped(now: list[dict[str, Any]], key: str = "id", cursor: str = "at") -> list[Stream]:
    return configure(now, [StreamChoice("orders", DEDUPED, [[key]], [cursor])])


def after(streams: list[Stream], *days: list[dict[str, Any]], propagate: bool = True) -> Stream:
    """Return the stream after the source had these schemas, one after the other."""
    for now in days:
        streams = take_over(streams, now, compare(streams, now), propagate=propagate)
    [stream] = streams
    return stream


def test_schema_changes_are_told() -> None:
    streams = configure(offered(id="integer", name="string", gone="string"), [])
    now = offered(id="string", name="integer", new="number")
    [change] = compare(streams, now)
    assert change.matters
    text = str(change)
    for fact in ("stream orders", "new columns: new", "removed columns: gone", "id (integer → string)"):
        assert fact in text
    assert change.narrowed == {"name": "string → integer"}


def test_new_columns_are_added_wider_types_taken_and_known_columns_kept() -> None:
    streams = configure(offered(id="integer", gone="string", text="string"), [])
    stream = after(streams, offered(new="number", id="number", text="integer"))
    types = {name: column["type"] for name, column in columns(stream.stream).items()}
    assert types == {"id": "number", "gone": "string", "text": "string", "new": "number"}
    assert list(types) == ["id", "gone", "text", "new"]


def test_a_connection_that_propagates_nothing_keeps_its_schema() -> None:
    streams = configure(offered(id="integer"), [])
    assert after(streams, offered(id="number", new="string"), propagate=False) == streams[0]


def test_a_kept_wider_type_alone_does_not_matter() -> None:
    [change] = compare(configure(offered(id="string"), []), offered(id="integer"))
    assert not change.matters


def test_a_cursor_that_was_text_is_taken_over_as_a_number_because_its_order_changes() -> None:
    """Then the loader refuses a deduplicated table. Other columns keep the wider type."""
    streams = deduped(incremental(id="integer", at="string", name="string"))
    now = incremental(id="integer", at="integer", name="integer")
    [change] = compare(streams, now)
    assert (change.retyped, change.narrowed) == ({"at": "string → integer"}, {"name": "string → integer"})
    types = {name: column["type"] for name, column in columns(after(streams, now).stream).items()}
    assert types == {"id": "integer", "at": "integer", "name": "string"}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({"oneOf": [{"type": "integer"}]}, {"oneOf": [{"type": "string"}]}, "integer → string"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, {"anyOf": [{"type": "number"}]}, "integer → number"),
        ({"properties": {"a": {}}}, {"items": {}}, "object → array"),
        (
            {"type": "string", "format": "date-time", "airbyte_type": "timestamp_without_timezone"},
            {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
            "date-time, timestamp_without_timezone → date-time, timestamp_with_timezone",
        ),
    ],
)
def test_a_changed_type_is_told_and_taken_over_wherever_the_schema_states_it(
    before: dict[str, Any], now: dict[str, Any], told: str
) -> None:
    first, second = ([{"name": "orders", "json_schema": {"properties": {"x": day}}}] for day in (before, now))
    [change] = compare(configure(first, []), second)
    assert change.retyped == {"x": told}
    kept = field_type(columns(after(configure(first, []), second).stream)["x"])
    assert kept == field_type(now) or kept.shape is None


@pytest.mark.parametrize(
    "now",
    [
        {"type": ["null", "integer"]},
        {"oneOf": [{"type": "integer"}]},
        {"anyOf": [{"type": "null"}, {"type": ["integer", "null"]}]},
    ],
)
def test_a_column_that_may_be_null_from_now_on_is_no_change_of_its_type(now: dict[str, Any]) -> None:
    """The connection would be paused, and the log would say `integer → integer`."""
    first, second = (
        [{"name": "orders", "json_schema": {"properties": {"x": day}}}] for day in ({"type": "integer"}, now)
    )
    assert compare(configure(first, []), second) == []
    assert compare(configure(second, []), first) == []


@pytest.mark.parametrize("null", [{"type": "null"}, {"type": ["null"]}, {"anyOf": [{"type": ["null"]}]}])
def test_a_column_that_is_null_in_every_row_is_not_a_change_of_its_type(null: dict[str, Any]) -> None:
    streams = configure(offered(id="integer"), [])
    now = [{"name": "orders", "json_schema": {"properties": {"id": null}}}]
    assert compare(streams, now) == []


def test_same_types_in_another_order_are_no_change() -> None:
    before = [{"name": "a", "json_schema": {"properties": {"id": {"type": ["null", "integer"]}}}}]
    now = [{"name": "a", "json_schema": {"properties": {"id": {"type": ["integer", "null"]}}}}]
    assert compare(configure(before, []), now) == []


def test_columns_of_a_source_without_files_are_not_taken_over() -> None:
    streams = configure([ORDERS], [])
    assert compare(streams, FALLBACK) == []
    assert compare(streams, [{"name": "orders"}]) == []


def test_stream_that_is_gone() -> None:
    with pytest.raises(CatalogError, match="no longer has the stream orders"):
        compare(configure([ORDERS], []), [PAGES])


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (incremental(customer_id="integer", at="string"), "id, its primary key"),
        (incremental(at="string"), "id, its primary key"),
        (incremental(id="integer", changed="string"), "at, its cursor"),
        (incremental(id="integer", ID="integer", at="string"), "id, ID"),
        (incremental(ID="object", at="string"), "objects or lists in the column id, its primary key"),
        (incremental(id="integer", at="array"), "objects or lists in the column at, its cursor"),
    ],
    ids=["renamed", "gone", "cursor", "twins", "object", "array"],
)
def test_a_lost_key_or_cursor_is_a_breaking_change(now: list[dict[str, Any]], what: str) -> None:
    [change] = compare(deduped(incremental(id="integer", at="string")), now)
    assert change.matters
    assert what in " ".join(change.lost)


def test_a_key_that_the_sync_mode_does_not_use_may_go() -> None:
    streams = configure(incremental(id="integer", at="string"), [StreamChoice("orders", primary_key=[["id"]])])
    [change] = compare(streams, incremental(at="string"))
    assert change.lost == []


def test_a_nested_key_is_lost_with_its_field_but_not_with_the_description_of_its_parent() -> None:
    def nested(*fields: str) -> list[dict[str, Any]]:
        [stream] = incremental(at="string")
        inside = {name: {"type": "integer"} for name in fields}
        stream["json_schema"]["properties"]["customer"] = {"type": "object", "properties": inside}
        return [stream]

    streams = configure(nested("id"), [StreamChoice("orders", DEDUPED, [["customer", "id"]], ["at"])])
    [change] = compare(streams, nested("nr"))
    assert "customer.id" in change.lost[0]
    assert compare(streams, nested()) == []


def test_names_that_differ_by_case_only_are_the_same_column() -> None:
    streams = deduped(incremental(id="integer", name="string", at="string"))
    now = incremental(ID="integer", NAME="string", At="string")
    [change] = compare(streams, now)
    assert (change.matters, change.added, change.dropped) == (False, [], [])
    stream = after(streams, now, propagate=False)
    assert list(columns(stream.stream)) == ["ID", "NAME", "At"]
    assert (stream.primary_key, stream.cursor_field) == ([["id"]], ["at"])  # as its client wrote them
    spelled = as_source_spells(stream)
    assert (spelled.primary_key, spelled.cursor_field) == ([["ID"]], ["At"])
    assert compare([stream], now) == []


def test_keys_cursors_and_selected_fields_are_found_in_any_case() -> None:
    choice = StreamChoice("orders", DEDUPED, [["id"]], ["at"], ["id", "at", "name"])
    [stream] = configure(incremental(ID="integer", AT="string", NAME="string", other="string"), [choice])
    assert list(selected_schema(stream)["properties"]) == ["ID", "AT", "NAME"]


def test_two_columns_that_differ_by_case_only_are_both_kept_in_their_order_unless_one_is_a_key() -> None:
    both = offered(id="integer", ID="string")
    [stream] = in_known_order(configure(offered(ID="string", id="integer"), []), configure(both, []))
    assert list(columns(stream.stream)) == ["id", "ID"]
    assert list(columns(after(configure(offered(ID="string"), []), both).stream)) == ["ID", "id"]
    with pytest.raises(CatalogError, match="id, ID"):
        deduped(incremental(id="integer", ID="string", at="string"))


COLUMN = st.sampled_from(
    [
        {"type": "boolean"},
        {"type": "integer"},
        {"type": ["null", "number"]},
        {"type": "string"},
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "date-time", "airbyte_type": "timestamp_without_timezone"},
        {"type": "object"},
        {"type": "array"},
        {"oneOf": [{"type": "integer"}]},
        {"oneOf": [{"type": "string"}, {"type": "null"}]},
        {"properties": {"a": {"type": "string"}}},
        {},
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(COLUMN, min_size=1, max_size=6))
@example([{"properties": {"a": {"type": "string"}}}, {}])  # any type holds an object too: it is no new type each day
@example([{"type": "string"}, {}])
@example([{"type": "integer"}, {}])
@example([{"type": "string", "format": "date-time"}, {}])
def test_a_columns_type_holds_every_type_that_it_had(days: list[dict[str, Any]]) -> None:
    schemas = [[{"name": "orders", "json_schema": {"properties": {"x": day}}}] for day in days]
    untouched = copy.deepcopy(schemas)
    stream = after(configure(schemas[0], []), *schemas[1:])
    kind = field_type(columns(stream.stream)["x"]).name
    if field_type(days[0]).name == "JSON":
        assert kind == "JSON"
    else:  # a column of another type never becomes JSON: it keeps other values as text
        assert [widest(kind, field_type(day).name) for day in days] == [kind] * len(days)
        assert kind != "JSON"
    assert compare([stream], schemas[-1]) == [] or not compare([stream], schemas[-1])[0].matters
    assert schemas == untouched
