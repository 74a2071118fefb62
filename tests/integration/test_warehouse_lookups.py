"""Direct look-ups agree with DuckDB's list of all tables and columns, and the memory of jobs with the stored jobs."""

import json
from pathlib import Path

from .running import RunningPlatform

PROGRAMS = Path(__file__).parent / "semantics"


def test_direct_look_ups_are_exact_and_do_not_read_every_table(local_platform: RunningPlatform) -> None:
    before, after, asked, created = json.loads(local_platform.run_program("warehouse", PROGRAMS / "lookups.py"))
    # local-bigquery asks DuckDB for a missing table, and DuckDB looks for a file of this name.
    assert (before.pop("columns data.csv"), after.pop("columns data.csv")) == ("IOException", "BigQueryError")
    assert after == before
    assert before["object d.t"] == [["t", "TABLE", 0]]
    assert before["object d.T"] == [], "BigQuery's names of tables are case-sensitive"
    assert before["object d.broken"] == [["broken", "VIEW", 0]]
    assert before["hidden hidden"] is True
    assert asked
    assert not [sql for sql in asked if "missing" in sql], (
        "an error about a missing table takes longer with every table"
    )
    assert not [sql for sql in asked if "duckdb_tables" in sql or "duckdb_columns" in sql]
    assert not [sql for sql in asked if "json_serialize_plan" in sql and "selects t" in sql], (
        "the plan of a view is as large as its query, with the views in it"
    )
    assert {name: found for name, found in created.items() if found != name} == {
        "T": "t",
        "mixed": "Mixed",
        "Plain VIEW": "plain view",
        "missing": None,
        "data.csv": None,
    }


def test_what_is_remembered_of_a_table_is_never_older_than_the_table(local_platform: RunningPlatform) -> None:
    told = json.loads(local_platform.run_program("warehouse", PROGRAMS / "table_memory.py"))
    assert {change: remembered for change, (remembered, _) in told.items() if not remembered} == {}
    assert [change for change, (_, differs) in told.items() if not differs] == ["open transaction, for others"]


def test_quick_walks_and_copies_of_trees_equal_those_of_sqlglot(local_platform: RunningPlatform) -> None:
    assert json.loads(local_platform.run_program("warehouse", PROGRAMS / "trees.py")) == {"trees": 10, "different": []}


def test_types_are_remembered_for_a_statement_with_the_same_columns(local_platform: RunningPlatform) -> None:
    told = json.loads(local_platform.run_program("warehouse", PROGRAMS / "typed_before.py"))
    assert told["different"] == []
    # Three statements have the table t, whose columns change; one of them the parameter too.
    assert told["worked out"] == {"first": 8, "again": 0, "other columns": 3, "another type of the parameter": 1}
    assert told["kept"] == 2, "the number of statements is bounded"


def test_a_job_is_stored_before_its_client_is_told_of_it(local_platform: RunningPlatform) -> None:
    moments = json.loads(local_platform.run_program("warehouse", PROGRAMS / "job_store.py"))
    assert moments == {  # the state that a client is told, and the states that are stored before and after that
        "before": [None, None, None],
        "submitted": ["PENDING", None, "PENDING"],
        "running": ["RUNNING", "PENDING", "RUNNING"],
        "done": ["DONE", "DONE", "DONE"],
        "listed": ["PENDING", "PENDING", "PENDING"],
        "done at once": ["DONE", "DONE", "DONE"],
        "too long for the memory": ["DONE", "DONE", "DONE"],
        "no longer in memory": ["DONE", "DONE", "DONE"],
        "deleted": [None, None, None],
        "again under the same id": ["DONE", "DONE", "DONE"],
        "begun by an earlier process": ["DONE", "DONE", "DONE"],
        "done twice": ["DONE", "DONE", "DONE"],
    }
