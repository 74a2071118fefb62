from typing import Any

import pytest

from airbyte_lite.sync import catalog, schema_changes
from airbyte_lite.sync.catalog import StreamChoice
from airbyte_lite.sync.offered import CatalogError

ORDERS: dict[str, Any] = {
    "name": "orders",
    "json_schema": {
        "properties": {
            "id": {"type": ["null", "integer"]},
            "customer": {"type": "object", "properties": {"id": {"type": "integer"}}},
            "_ab_source_file_url": {"type": "string"},
            "_ab_source_file_last_modified": {"type": "string"},
        }
    },
    "supported_sync_modes": ["full_refresh", "incremental"],
    "source_defined_cursor": True,
    "default_cursor_field": ["_ab_source_file_last_modified"],
}
EVENTS: dict[str, Any] = {
    "name": "events",
    "json_schema": {"properties": {"at": {"type": "string"}, "key": {"type": "string"}}},
    "supported_sync_modes": ["full_refresh", "incremental"],
    "source_defined_primary_key": [["key"]],
}
PAGES: dict[str, Any] = {"name": "pages", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
OFFERED = [ORDERS, EVENTS, PAGES]


def offered(**columns: str) -> list[dict[str, Any]]:
    return [{"name": "orders", "json_schema": {"properties": {name: {"type": kind} for name, kind in columns.items()}}}]


def test_every_stream_is_refreshed_in_full_when_none_is_chosen() -> None:
    streams = catalog.configure(OFFERED, [])
    assert [(stream.name, stream.sync_mode) for stream in streams] == [
        ("orders", "full_refresh_overwrite"),
        ("events", "full_refresh_overwrite"),
        ("pages", "full_refresh_overwrite"),
    ]


def test_what_the_source_defines_is_filled_in() -> None:
    choice = StreamChoice("events", "incremental_deduped_history", cursor_field=["at"])
    [stream] = catalog.configure(OFFERED, [choice])
    assert (stream.primary_key, stream.cursor_field) == ([["key"]], ["at"])
    [stream] = catalog.configure(OFFERED, [StreamChoice("orders", "incremental_append")])
    assert stream.cursor_field == ["_ab_source_file_last_modified"]


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ([StreamChoice("nothing")], "has no stream nothing. It has: orders, events, pages"),
        ([StreamChoice("pages"), StreamChoice("pages")], "configured twice"),
        (
            [StreamChoice("pages", "incremental_append")],
            "Valid sync modes: full_refresh_overwrite, full_refresh_append",
        ),
        ([StreamChoice("orders", "full_refresh_update")], "cannot be synced with full_refresh_update"),
        ([StreamChoice("orders", "incremental_deduped_history")], "needs a primaryKey"),
        ([StreamChoice("orders", "incremental_deduped_history", [["nr"]])], "no column nr for its primary key"),
        ([StreamChoice("orders", "full_refresh_overwrite", [["nr"]])], "no column nr for its primary key"),
        ([StreamChoice("orders", "full_refresh_overwrite", [["id"], ["id"]])], "names a column twice"),
        ([StreamChoice("events", "full_refresh_append", [["at"]])], "defined by the source: key"),
        ([StreamChoice("events", "incremental_append")], "needs a cursorField"),
        ([StreamChoice("events", "incremental_append", None, ["nr"])], "no column nr for its cursor"),
        ([StreamChoice("orders", "incremental_append", None, ["id"])], "Omit cursorField"),
        ([StreamChoice("orders", selected_fields=["nr"])], "no column nr to select"),
        ([StreamChoice("orders", selected_fields=[])], "empty list selectedFields"),
        ([StreamChoice("orders", selected_fields=["id", "ID"])], "names a column twice: id, ID"),
        ([StreamChoice("orders", "incremental_append", selected_fields=["id"])], "must include its key and cursor"),
    ],
)
def test_choices_that_do_not_fit(choices: list[StreamChoice], sentence: str) -> None:
    with pytest.raises(CatalogError) as caught:
        catalog.configure(OFFERED, choices)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("names", "prefix", "table"),
    [
        (["1x", "_1x"], "", "_1x"),
        (["1x", "_1x"], "a_", None),
        ([" x", "x"], "", None),
        ([" x", "x"], "a ", "a_x"),
        (["\u0301x", "x"], "a", "ax"),
        (["x" * 986 + "a", "x" * 986 + "b"], "", "x" * 986),
    ],
)
def test_streams_that_would_fill_one_table(names: list[str], prefix: str, table: str | None) -> None:
    streams = [PAGES | {"name": name} for name in names]
    if table is None:
        assert [stream.name for stream in catalog.configure(streams, [], prefix)] == names
        return
    with pytest.raises(CatalogError) as caught:
        catalog.configure(streams, [], prefix)
    for fact in [*names, f"{table}, so"]:
        assert fact in str(caught.value)


def test_nested_columns_can_be_keys() -> None:
    [stream] = catalog.configure(OFFERED, [StreamChoice("orders", primary_key=[["customer", "id"]])])
    assert stream.primary_key == [["customer", "id"]]


def test_selection_reduces_the_schema() -> None:
    [stream] = catalog.configure(OFFERED, [StreamChoice("events", selected_fields=["key"])])
    [configured] = catalog.protocol_catalog([stream])["streams"]
    assert list(configured["stream"]["json_schema"]["properties"]) == ["key"]


def test_columns_that_differ_by_case_only_can_both_be_selected() -> None:
    """The second one gets the name ID_1 in BigQuery."""
    choices = [StreamChoice("orders", selected_fields=["id", "ID"])]
    [stream] = catalog.configure(offered(id="integer", ID="integer", name="string"), choices)
    [configured] = catalog.protocol_catalog([stream])["streams"]
    assert list(configured["stream"]["json_schema"]["properties"]) == ["id", "ID"]


def test_protocol_modes() -> None:
    [stream] = catalog.configure(OFFERED, [StreamChoice("orders", "incremental_deduped_history", [["id"]])])
    [configured] = catalog.protocol_catalog([stream])["streams"]
    assert (configured["sync_mode"], configured["destination_sync_mode"]) == ("incremental", "append_dedup")


FALLBACK = offered(data="object", _ab_source_file_url="string", _ab_source_file_last_modified="string")


@pytest.mark.parametrize("columns", [{"id": "integer", "name": "string"}, {"data": "string"}])
def test_first_schema_takes_the_place_of_the_fallback(columns: dict[str, str]) -> None:
    choice = StreamChoice("orders", "full_refresh_append", [[next(iter(columns))]])
    streams = catalog.configure(FALLBACK, [choice])
    now = offered(**columns, _ab_source_file_url="string", _ab_source_file_last_modified="string")
    assert schema_changes.compare(streams, now) == []
    [stream] = catalog.with_first_schemas(streams, now)
    assert stream.stream == now[0]
    assert (stream.sync_mode, stream.primary_key) == ("full_refresh_append", choice.primary_key)


def test_schema_that_is_known_or_stays_unknown_is_kept() -> None:
    known = catalog.configure(offered(id="integer"), [])
    assert catalog.with_first_schemas(known, offered(id="string", name="string")) == known
    unknown = catalog.configure(FALLBACK, [])
    for now in (FALLBACK, [{"name": "orders"}], []):
        assert catalog.with_first_schemas(unknown, now) == unknown


def test_what_could_not_be_checked_without_a_schema_is_checked_with_the_first() -> None:
    for choice in (StreamChoice("orders", primary_key=[["nr"]]), StreamChoice("orders", selected_fields=["nr"])):
        streams = catalog.configure(FALLBACK, [choice])
        with pytest.raises(CatalogError, match="no column nr"):
            catalog.with_first_schemas(streams, offered(id="integer"))


def test_stream_that_offers_only_incremental_gets_the_first_mode_that_it_has() -> None:
    incremental = {**ORDERS, "supported_sync_modes": ["incremental"]}
    [stream] = catalog.configure([incremental], [])
    assert (stream.sync_mode, stream.cursor_field) == ("incremental_append", ["_ab_source_file_last_modified"])
    assert catalog.proposed([incremental]) == [stream]
    # Its cursor is the user's choice: shown without one, but not synced.
    without_cursor = {**EVENTS, "supported_sync_modes": ["incremental"]}
    [stream] = catalog.proposed([without_cursor])
    assert (stream.sync_mode, stream.primary_key, stream.cursor_field) == ("incremental_append", [["key"]], [])
    with pytest.raises(CatalogError, match="needs a cursorField"):
        catalog.configure([without_cursor], [])


def table(namespace: str | None, name: str, **columns: str) -> dict[str, Any]:
    properties = {column: {"type": kind} for column, kind in columns.items()}
    return {"name": name, "json_schema": {"properties": properties}} | ({"namespace": namespace} if namespace else {})


SCHEMAS = [
    table("public", "users", id="integer"),
    table("audit", "users", at="string"),
    table(None, "orders", id="string"),
]


@pytest.mark.parametrize("namespace", ["public", "audit"])
def test_namespace_chooses_among_streams_of_the_same_name(namespace: str) -> None:
    choices = [StreamChoice("users", namespace=namespace), StreamChoice("orders")]
    streams = catalog.configure(SCHEMAS, choices)
    assert [(stream.namespace, stream.name) for stream in streams] == [(namespace, "users"), ("", "orders")]
    assert schema_changes.compare(streams, SCHEMAS) == []
    wider = [table(namespace, "users", id="integer", at="string", new="string"), *SCHEMAS[2:]]
    other = [stream for stream in SCHEMAS[:2] if stream["namespace"] != namespace]
    [change] = schema_changes.compare(streams, [*wider, *other])
    assert "new" in change.added


@pytest.mark.parametrize(
    ("offered", "choices", "sentence"),
    [
        (SCHEMAS, [], "public.users and audit.users have the same name"),
        (SCHEMAS, [StreamChoice("users")], "several streams users: public.users, audit.users"),
        (
            SCHEMAS,
            [StreamChoice("users", namespace="x")],
            "no stream x.users. It has: public.users, audit.users, orders",
        ),
        (SCHEMAS, [StreamChoice("orders", namespace="x")], "no stream x.orders"),
        (
            SCHEMAS,
            [StreamChoice("users", namespace="public"), StreamChoice("users", namespace="audit")],
            "public.users and audit.users have the same name",
        ),
        ([{"name": "o-x"}, {"name": "ó x"}, {"name": "o_x"}], [], "o-x and ó x have the same name in BigQuery, o_x"),
        ([], [], "The source has no streams"),
        ([*SCHEMAS[2:], *SCHEMAS[2:]], [], "two streams orders"),
        ([*SCHEMAS[2:], *SCHEMAS[2:]], [StreamChoice("orders")], "two streams orders"),
    ],
)
def test_streams_that_cannot_be_told_apart_are_refused(
    offered: list[dict[str, Any]], choices: list[StreamChoice], sentence: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        catalog.configure(offered, choices)
    assert sentence in str(caught.value)


def test_stream_without_a_namespace_can_be_chosen_beside_one_with() -> None:
    offered = [table(None, "users", id="integer"), table("audit", "users", at="string")]
    assert [stream.namespace for stream in catalog.configure(offered, [StreamChoice("users")])] == [""]
