"""Table and column names."""

import pytest

from airbyte_lite.loader import names
from platform_kit.names import column_name, identifier


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders", "orders"),
        ("ORDERID", "ORDERID"),
        ("Ünïcode Näme", "Unicode_Name"),
        ("a  b\tc", "a_b_c"),
        ("a-b.c/d", "a_b_c_d"),
        ("1st", "_1st"),
        ("$", "_"),
        ("", "_"),
        ("日本", "__"),
        ("_x", "_x"),
        ("ﬁve", "five"),
    ],
)
def test_identifier(name: str, expected: str) -> None:
    assert identifier(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_TABLE_SUFFIX", "__TABLE_SUFFIX"),
        ("_file_name", "__file_name"),
        ("_PARTITIONTIME", "__PARTITIONTIME"),
        ("__ROOT__x", "___ROOT__x"),
        ("_CHANGE_TYPE", "__CHANGE_TYPE"),
        ("_colidentifier", "__colidentifier"),
        ("table_", "table_"),
        ("x" * 400, "x" * 300),
    ],
)
def test_column(name: str, expected: str) -> None:
    assert column_name(name) == expected


def test_columns_that_bigquery_takes_for_one_are_numbered() -> None:
    assert names.columns(["ID", "id", "Id", "id_1", "other"]) == {
        "ID": "ID",
        "id": "id_1",
        "Id": "Id_2",
        "id_1": "id_1_1",
        "other": "other",
    }


def test_columns_do_not_take_airbytes_own_names() -> None:
    assert names.columns(["_airbyte_raw_id", "_Airbyte_Meta"]) == {
        "_airbyte_raw_id": "_airbyte_raw_id_1",
        "_Airbyte_Meta": "_Airbyte_Meta_1",
    }


def test_long_columns_stay_within_the_limit_when_numbered() -> None:
    mapped = names.columns(["x" * 300, "x" * 301])
    assert list(mapped.values()) == ["x" * 300, "x" * 298 + "_1"]


def test_a_new_column_at_the_end_does_not_rename_the_others() -> None:
    before = names.columns(["a b", "a-b"])
    after = names.columns(["a b", "a-b", "a.b"])
    assert after == before | {"a.b": "a_b_2"}


def test_tables_of_one_connection_differ() -> None:
    tables = names.tables([(None, "a b", "a b"), ("n", "a-b", "a-b"), (None, "A b", "A b")])
    assert tables[None, "a b"] == "a_b"
    assert tables["n", "a-b"].startswith("a_b_")
    assert tables[None, "A b"] == "A_b"  # case counts in the names of tables
    assert len(set(tables.values())) == 3


def test_staging_tables_are_recognised_and_nothing_else_is() -> None:
    name = names.staging("orders", "c1", "0123456789ab")
    assert names.is_staging_of(name, "orders", "c1")
    assert not names.is_staging_of(name, "orders", "c2")  # of another connection, which may be loading it
    assert not names.is_staging_of(name, "order", "c1")
    assert not names.is_staging_of("orders", "orders", "c1")
    assert not names.is_staging_of(name + "x", "orders", "c1")
    assert not names.is_staging_of(names.staging("orders_airbyte_tmp_x", "c1", "0123456789ab"), "orders", "c1")


def test_staging_table_of_the_longest_name_is_within_the_limit() -> None:
    [table] = names.tables([(None, "x", "x" * 2000)]).values()
    assert len(names.staging(table, "c1", "0123456789ab")) == 1024
