import pytest

from airbyte_lite.sync.catalog import CatalogError, configure
from airbyte_lite.sync.schema_changes import add_columns, compare

from .test_catalog import FALLBACK, ORDERS, PAGES, offered


def test_schema_changes_are_told() -> None:
    streams = configure(offered(id="integer", name="string", gone="string"), [])
    now = offered(id="string", name="string", new="number")
    [change] = compare(streams, now)
    assert str(change) == ("stream orders has new columns: new; removed columns: gone; columns with a new type: id")


def test_new_columns_are_added_and_known_ones_kept() -> None:
    streams = configure(offered(id="integer", gone="string"), [])
    now = offered(new="number", id="string")
    [stream] = add_columns(streams, now, compare(streams, now))
    properties = stream.stream["json_schema"]["properties"]
    assert properties == {"id": {"type": "integer"}, "gone": {"type": "string"}, "new": {"type": "number"}}
    assert list(properties) == ["id", "gone", "new"]


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
