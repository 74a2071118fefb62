"""The SQL page's logic: the text that is sent, the place of an error, statements that write, the history."""

from pathlib import Path

import pytest

from console.logic.sql.statements import Chosen, Place, chosen, consequence, is_blank, place, told, writes
from console.logic.sql.store import LONGEST, Store, StoreError
from console.logic.sql.words import offers
from console.logic.tables.catalog import Dataset, Entry, matching

TEXT = "select 1;\n  select nope from t;\nselect 3"


def test_a_selection_is_sent_alone_with_its_place() -> None:
    start = TEXT.index("select nope")
    sent = chosen(TEXT, start, start + len("select nope from t"))
    assert sent == Chosen("select nope from t", 2, 3)
    assert chosen(TEXT, start + 5, start) == Chosen("selec", 2, 3)  # selected backwards


@pytest.mark.parametrize("end", [0, 10, 12])
def test_without_a_selection_or_with_a_blank_one_the_whole_text_is_sent(end: int) -> None:
    assert chosen(TEXT, 10 if end > 10 else end, end) == Chosen(TEXT)


def test_an_error_is_at_its_line_of_the_editor() -> None:
    sent = Chosen("select\n nope", 4, 7)
    assert place("Unrecognized name: nope at [2:2]", sent) == Place(5, 2)
    assert place("Syntax error at [1:3]", sent) == Place(4, 9)  # its first line begins in column 7
    assert told("Syntax error at [1:3]", Place(4, 9)) == "Syntax error (line 4, column 9)"


def test_an_error_without_a_position_is_where_its_name_is_if_that_is_there_once() -> None:
    assert place("Unrecognized name: nope", Chosen("select a,\n  nope")) == Place(2, 3)
    assert place("Unrecognized name: nope", Chosen("select nope, nope")) is None
    assert place("division by zero: 1 / 0", Chosen("select 1/0")) is None


@pytest.mark.parametrize("kind", ["INSERT", "SCRIPT", "DROP_TABLE", "EXPORT_DATA", "A_NEW_ONE", None])
def test_everything_but_a_select_may_write(kind: str | None) -> None:
    assert writes(kind)
    assert not writes("SELECT")


def test_the_question_names_the_table_and_the_bytes() -> None:
    assert consequence("DELETE", "shop.orders", 2_000_000).split() == (
        ["The", "statement", "deletes", "rows", "of", "shop.orders.", "It", "reads", "2.0", "MB."]
    )
    assert "script" in consequence("SCRIPT", None, 0)
    assert "EXPORT DATA" in consequence("EXPORT_DATA", None, 0)


@pytest.mark.parametrize("sql", ["", " ;\n; ", "-- only a comment", "# one\n/* and\nanother */"])
def test_a_text_without_a_statement_is_blank(sql: str) -> None:
    assert is_blank(sql)
    assert not is_blank(f"{sql}\nselect 1")


def test_history_is_kept_bounded_and_survives_a_restart(tmp_path: Path) -> None:
    for number in range(5):
        Store(tmp_path, 3).add(f"select {number}", "done", "1 row")
    Store(tmp_path, 3).add("select 3", "failed", "why")
    assert [(entry.sql, entry.state) for entry in Store(tmp_path, 3).history()] == [
        ("select 3", "failed"),
        ("select 4", "done"),
        ("select 2", "done"),
    ]


def test_a_list_has_the_beginning_of_a_long_query_and_text_has_all_of_it(tmp_path: Path) -> None:
    store, long = Store(tmp_path, 10), "select '" + "x" * 5000 + "'"
    store.add("select 1", "done", "")
    store.add(long, "done", "")
    store.save("long", long)
    [newest] = store.history(limit=1)
    [saved] = store.saved()
    for entry in (newest, saved):
        assert len(entry.sql) < 500
        assert store.text(entry) == long
    store.forget("long")
    assert store.text(saved) is None


def test_history_is_searched_by_text_not_by_pattern(tmp_path: Path) -> None:
    store = Store(tmp_path, 10)
    for sql in ("select '100%'", "select 100", "SELECT a_b", "select axb"):
        store.add(sql, "done", "")
    assert [entry.sql for entry in store.history("100%")] == ["select '100%'"]
    assert [entry.sql for entry in store.history("A_B")] == ["SELECT a_b"]


def test_a_query_is_saved_replaced_and_deleted_by_name(tmp_path: Path) -> None:
    store = Store(tmp_path, 2)
    store.save(" Big  orders ", "select 1")
    store.save("Big orders", "select 2")
    store.save("a", "select 3")
    assert [(entry.name, entry.sql) for entry in store.saved()] == [("a", "select 3"), ("Big orders", "select 2")]
    with pytest.raises(ValueError, match="CONSOLE_SQL_HISTORY"):
        store.save("third", "select 4")
    store.forget("a")
    assert [entry.name for entry in store.saved()] == ["Big orders"]


@pytest.mark.parametrize(("name", "sql"), [("", "select 1"), ("n" * 101, "select 1"), ("n", "x" * (LONGEST + 1))])
def test_what_cannot_be_saved_is_refused(tmp_path: Path, name: str, sql: str) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        Store(tmp_path, 5).save(name, sql)


def test_tables_are_found_by_all_words_in_any_case() -> None:
    found = [Dataset("shop", (Entry("shop", "Orders", "table"), Entry("shop", "users", "view"))), Dataset("empty", ())]
    assert matching(found, "  ") == found
    assert [table.name for each in matching(found, "SHOP ord") for table in each.tables] == ["Orders"]
    assert matching(found, "nothing") == []


def test_tables_and_columns_are_completed() -> None:
    found = [Dataset("shop", (Entry("shop", "orders", "table"), Entry("shop", "users", "table")))]
    columns = {"shop.orders": [("id", "INT64"), ("at", "DATE")], "shop.users": [("id", "INT64")]}
    labels = {(each["label"], each["type"]): each["detail"] for each in offers(found, columns)}
    assert labels[("shop.orders", "class")] == "table"
    assert labels[("id", "property")] == "INT64 · orders and 1 more"
    assert ("countif", "function") in labels


def test_a_history_that_cannot_be_read_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "sql.sqlite").write_text("not a database, and long enough to have a header" * 10)
    store = Store(tmp_path, 5)
    for call in (store.history, store.saved, lambda: store.add("select 1", "done", "")):
        with pytest.raises(StoreError, match=r"sql\.sqlite"):
            call()
