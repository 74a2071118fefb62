"""The query of a profile, and its figures as Dagster's metadata."""

import math
from datetime import date
from decimal import Decimal
from typing import Any

import dagster as dg

from orchestrator.profiles.figures import PLOTS, column_profile, metadata, table_profile
from orchestrator.profiles.query import COLUMNS_PER_QUERY, Column, batches, measures, parts, query, quoted
from orchestrator.profiles.reading import percentage
from orchestrator.profiles.usual import judged_figures

AMOUNT, STATUS = Column("amount", "NUMERIC"), Column("status", "STRING")


def found(**figures: Any) -> dict[str, Any]:
    return {"row_count": 4, "known": 3, "distinct": 2, **figures}


def orders() -> dict[str, Any]:
    quartiles = [Decimal(1), Decimal(2), Decimal("2.5"), Decimal(3), Decimal(4)]
    amount = found(min=Decimal(1), max=Decimal(4), avg=2.5, deviation=0.5, quartiles=quartiles)
    top = [{"value": "a|b", "count": 2}, {"value": None, "count": 1}, {"value": "c", "count": 1}]
    status = found(shortest=1, longest=3, length=2.0, top=top)
    columns = [column_profile(AMOUNT, amount), column_profile(STATUS, status)]
    return table_profile("p.d.orders", columns, read=4, rows=None, left_out=0)


def test_the_figures_have_the_names_of_dbt_profiler() -> None:
    amount, status = orders()["columns"]
    assert amount == {
        **{"column_name": "amount", "data_type": "NUMERIC", "row_count": 4, "not_null_proportion": 0.75},
        **{"distinct_count": 2, "distinct_proportion": 0.5, "is_unique": False, "min": 1, "max": 4, "avg": 2.5},
        **{"q1": 2, "median": 2.5, "q3": 3, "std_dev_population": 0.5},
    }
    assert status["top_values"] == [{"value": "a|b", "count": 2}, {"value": "c", "count": 1}]
    assert (status["min_length"], status["max_length"], status["avg_length"]) == (1, 3, 2.0)


def test_numbers_stay_exact_and_json_has_no_nan() -> None:
    long = Decimal("12345678901234567.123456789")
    column = column_profile(AMOUNT, found(min=long, max=2**60, avg=math.nan, deviation=math.inf))
    assert (column["min"], column["max"]) == ("12345678901234567.123456789", str(2**60))
    assert "avg" not in column
    assert "std_dev_population" not in column
    assert column_profile(Column("on", "DATE"), found(min=date(2018, 1, 1)))["min"] == "2018-01-01"


def test_the_metadata_has_plots_json_and_a_table() -> None:
    shown = metadata(orders())
    assert shown["profile"] == dg.MetadataValue.json(orders())
    plots = {name: value for name, value in shown.items() if name.startswith("profile/")}
    assert plots["profile/row_count"] == 4
    assert plots["profile/amount/avg"] == 2.5
    assert plots["profile/status/not_null_proportion"] == 0.75
    assert "a\\|b (2)" in shown["profile_table"].value
    # Dagster's API has no integers of more than 32 bits.
    large = table_profile("t", [column_profile(Column("id", "INTEGER"), found(max=2**40))], read=4, rows=10, left_out=3)
    assert metadata(large)["profile/id/max"] == float(2**40)
    assert isinstance(metadata(large)["profile/id/max"], float)
    text = metadata(large)["profile_table"].value
    assert "10 rows, 4 of them read" in text
    assert "3 more columns" in text


def test_an_empty_table_has_a_profile() -> None:
    empty = column_profile(STATUS, {"row_count": 0, "known": 0, "distinct": 0, "top": []})
    assert "not_null_proportion" not in empty
    assert metadata(table_profile("t", [empty], read=0, rows=None, left_out=0))["profile/row_count"] == 0
    assert judged_figures(table_profile("t", [], read=0, rows=None, left_out=0)) == {"row_count": 0}


def test_a_wide_table_has_a_bounded_number_of_plots_and_judged_figures() -> None:
    columns = [column_profile(Column(f"c{at}", "INTEGER"), found(avg=1.5)) for at in range(300)]
    wide = table_profile("t", columns, read=4, rows=None, left_out=0)
    assert sum(name.startswith("profile/") for name in metadata(wide)) == PLOTS
    assert len(judged_figures(wide)) == 1 + 50 * 3


def test_different_values_of_a_sample_are_not_judged() -> None:
    column = column_profile(STATUS, found())
    whole = judged_figures(table_profile("t", [column], read=4, rows=None, left_out=0))
    sample = judged_figures(table_profile("t", [column], read=4, rows=9, left_out=0))
    assert whole.keys() - sample.keys() == {"status/distinct_proportion"}
    assert sample["row_count"] == 9


def test_tables_share_query_jobs_and_wide_tables_are_read_in_parts() -> None:
    wide = [Column(f"c{at}", "STRING") for at in range(90)]
    found = [
        *parts("p.d.a", [AMOUNT, STATUS]),
        *parts("p.d.wide", wide),
        *parts("p.d.none", []),
        *parts("p.d.b", [AMOUNT]),
    ]
    jobs = [[(part.table, len(part.columns)) for part in batch] for batch in batches(found)]
    assert jobs == [
        [("p.d.a", 2)],
        [("p.d.wide", COLUMNS_PER_QUERY)],
        [("p.d.wide", COLUMNS_PER_QUERY)],
        [("p.d.wide", 10), ("p.d.none", 0), ("p.d.b", 1)],
    ]
    text = query(parts("p.d.a", [AMOUNT], sample=5))
    assert "from `p.d.a` as profiled_rows tablesample system (5 percent)" in text


def test_odd_names_are_quoted() -> None:
    assert quoted("from `x`\\\n") == "`from \\`x\\`\\\\\\n`"
    assert dict(measures(Column("select", "JSON")))["known"] == "countif(`select` is not null)"
    assert dict(measures(Column("tags", "STRING", is_array=True)))["longest"] == "max(array_length(`tags`))"


def test_the_percentage_of_a_sample_is_whole_if_it_can_be() -> None:
    assert (percentage(1, 3), percentage(1, 200)) == (34, 0.5)
