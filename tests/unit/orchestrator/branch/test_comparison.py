"""The comparison of a branch's table with the main one: one query, and what its row says."""

from orchestrator.branch.build import Model
from orchestrator.branch.command_line import table_lines
from orchestrator.branch.comparison import Comparison, query, read

MODEL = Model("orders", "p.main.orders", "p.branch.orders", "id")
BEFORE = {"id": "INTEGER", "amount": "NUMERIC", "tags": "ARRAY<STRING>", "old": "STRING", "day": "STRING"}
NOW = {"id": "INTEGER", "amount": "NUMERIC", "tags": "ARRAY<STRING>", "new": "BOOLEAN", "day": "DATE"}


def test_rows_are_compared_by_their_key() -> None:
    text = query(MODEL, BEFORE, NOW)
    assert "full join `p.branch.orders`" in text
    assert "a.`amount` is distinct from b.`amount`" in text
    assert "to_json_string(a.`tags`) is distinct from to_json_string(b.`tags`)" in text
    row = {"rows_before": 10, "rows_now": 11, "only_before": 1, "only_now": 2, "c0": 0, "c1": 3, "c2": 0}
    found = read(row, BEFORE, NOW)
    assert (found.rows_before, found.rows_now, found.only_before, found.only_now) == (10, 11, 1, 2)
    assert found.columns == ["+ new BOOLEAN", "- old", "day: STRING is now DATE", "amount: 3 rows"]


def test_without_a_key_columns_are_compared_as_a_whole() -> None:
    text = query(Model("orders", MODEL.main, MODEL.branch, None), BEFORE, NOW)
    assert "full join" not in text
    assert text.count(";") == 0
    row = {"rows_before": 1, "rows_now": 1} | {f"c{number}": number == 1 for number in range(5)}
    found = read(row, BEFORE, BEFORE)
    assert found.columns == ["amount: other values"]
    assert not found.is_equal


def test_a_key_that_one_table_lacks_is_no_key() -> None:
    assert "full join" not in query(MODEL, {"amount": "NUMERIC"}, NOW)


def test_a_new_model_is_counted() -> None:
    assert query(MODEL, None, NOW) == "select count(*) as rows_now from `p.branch.orders`"
    lines = table_lines([("orders", read({"rows_now": 1200}, None, NOW)), ("x", Comparison(1, 1, 0, 0))])
    assert lines[1].split() == ["orders", "new", "1,200"]
    assert lines[2].endswith("equal")
