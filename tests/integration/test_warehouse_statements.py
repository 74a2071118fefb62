"""Statements that write tables: all or nothing, and every value as the table's schema wants it."""

# ruff: noqa: E501 one case, one line

import datetime
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery as google_bigquery

from .queries import run

Client = google_bigquery.Client


@pytest.fixture(scope="module")
def writes(bigquery: Client) -> Iterator[None]:
    """The dataset `w` for all tests of this file."""
    bigquery.create_dataset("w", exists_ok=True)
    yield
    bigquery.delete_dataset("w", delete_contents=True)


T = "(id INT64 NOT NULL, s STRING(3), n NUMERIC(5, 2), a ARRAY<INT64>, st STRUCT<x STRING(2) NOT NULL, y ARRAY<INT64>>)"
OLD = ["CREATE OR REPLACE TABLE w.t AS SELECT 1 AS id"]
NEW = [f"CREATE OR REPLACE TABLE w.t {T}", "INSERT INTO w.t (id, s) VALUES (1, 'abc')"]
PARTITIONED = [
    "CREATE OR REPLACE TABLE w.p (id INT64, d DATE) PARTITION BY d OPTIONS (require_partition_filter = TRUE)",
    "INSERT INTO w.p VALUES (1, DATE '2024-01-01')",
]
RANGES = [
    "CREATE OR REPLACE TABLE w.r (id INT64, p INT64) PARTITION BY RANGE_BUCKET(p, GENERATE_ARRAY(0, 100, 10)) OPTIONS (require_partition_filter = TRUE)",
    "INSERT INTO w.r VALUES (1, 5)",
]
TABLE_FUNCTION = [
    "CREATE OR REPLACE TABLE FUNCTION w.f(x INT64, s ARRAY<STRING>) RETURNS TABLE<b STRING, x FLOAT64>"
    " AS SELECT x + 1 AS x, s[0] AS b, 1 AS left_out"
]
# what, statements before, the statement that fails, words of its error, a query of the table, its rows
FAILURES = [
    ("replace", OLD, "CREATE OR REPLACE TABLE w.t (id INT64 NOT NULL) AS SELECT CAST(NULL AS INT64)", "Required field id", "SELECT * FROM w.t", [(1,)]),
    ("replace, in the query", OLD, "CREATE OR REPLACE TABLE w.t (id INT64) AS SELECT CAST(ERROR('no') AS INT64)", "no", "SELECT * FROM w.t", [(1,)]),
    ("replace, wrong type", OLD, "CREATE OR REPLACE TABLE w.t (id INT64) AS SELECT 'x'", "type INT64 but the query produces type STRING", "SELECT * FROM w.t", [(1,)]),
    ("replace, wrong count", OLD, "CREATE OR REPLACE TABLE w.t (id INT64) AS SELECT 1, 2", r"list \(1\) does not match", "SELECT * FROM w.t", [(1,)]),
    ("create", ["DROP TABLE IF EXISTS w.none"], "CREATE TABLE w.none (id INT64 NOT NULL) AS SELECT CAST(NULL AS INT64)", "Required field id", "SELECT table_name FROM w.INFORMATION_SCHEMA.TABLES WHERE table_name = 'none'", []),
    ("insert", NEW, "INSERT INTO w.t (id, s) VALUES (2, 'ab'), (3, 'abcd')", r"Field s: STRING\(3\) has maximum length 3", "SELECT id FROM w.t", [(1,)]),
    ("insert, NUMERIC(5, 2)", NEW, "INSERT INTO w.t (id, n) VALUES (2, 999.995)", r"NUMERIC\(5, 2\) cannot hold", "SELECT id FROM w.t", [(1,)]),
    ("insert, nested NULL", NEW, "INSERT INTO w.t (id, st) VALUES (2, STRUCT(CAST(NULL AS STRING), [1]))", "Required field st.x", "SELECT id FROM w.t", [(1,)]),
    ("insert, NULL in an array", NEW, "INSERT INTO w.t (id, a) SELECT 2, [1, NULL]", "null element; error in writing field a", "SELECT id FROM w.t", [(1,)]),
    ("insert, too few values", NEW, "INSERT INTO w.t (id, s) SELECT 2", "Has 1, expected 2", "SELECT id FROM w.t", [(1,)]),
    ("update", NEW, "UPDATE w.t SET s = 'abcd' WHERE TRUE", r"Field s: STRING\(3\)", "SELECT s FROM w.t", [("abc",)]),
    ("merge", NEW, "MERGE w.t USING (SELECT 1 AS k, 'x' AS v UNION ALL SELECT 9, 'wxyz') ON id = k WHEN MATCHED THEN UPDATE SET s = v WHEN NOT MATCHED THEN INSERT (id, s) VALUES (k, v)", r"Field s: STRING\(3\)", "SELECT id, s FROM w.t", [(1, "abc")]),
    ("merge without a partition filter", PARTITIONED, "MERGE w.p t USING (SELECT 1 AS k) ON id = k WHEN MATCHED THEN DELETE", "without a filter over column", "SELECT id FROM w.p WHERE d > '2000-01-01'", [(1,)]),
    ("select without a filter of the ranges", RANGES, "SELECT id FROM w.r WHERE id = 1", r"without a filter over column\(s\) 'p'", "SELECT id FROM w.r WHERE p > 0", [(1,)]),
    ("script", OLD, "BEGIN TRANSACTION; INSERT INTO w.t VALUES (2); SELECT ERROR('no'); COMMIT TRANSACTION", "no", "SELECT * FROM w.t", [(1,)]),
    ("create in a transaction", OLD, "BEGIN TRANSACTION; CREATE OR REPLACE TABLE w.t AS SELECT 2 AS id; COMMIT TRANSACTION", "not supported in a transaction", "SELECT * FROM w.t", [(1,)]),
    ("several columns", OLD, "ALTER TABLE w.t ADD COLUMN b INT64, ADD COLUMN id INT64", "already exists: id", "SELECT * FROM w.t", [(1,)]),
    ("narrower type", NEW, "ALTER TABLE w.t ALTER COLUMN s SET DATA TYPE STRING(2)", r"\(STRING\(3\)\) is assignable to the new type \(STRING\(2\)\)", "SELECT s FROM w.t", [("abc",)]),
    ("other type", NEW, "ALTER TABLE w.t ALTER COLUMN s SET DATA TYPE INT64", "is assignable", "SELECT s FROM w.t", [("abc",)]),
    ("drop a partition's column", PARTITIONED, "ALTER TABLE w.p DROP COLUMN d", "partitions or clusters cannot be dropped", "SELECT id FROM w.p WHERE d > '2000-01-01'", [(1,)]),
    ("load statement", OLD, "LOAD DATA INTO w.t FROM FILES (format = 'CSV', uris = ['gs://b/f.csv'])", "does not support LOAD DATA", "SELECT * FROM w.t", [(1,)]),
    ("a table function lacks a column", TABLE_FUNCTION, "CREATE OR REPLACE TABLE FUNCTION w.f(x INT64) RETURNS TABLE<c INT64> AS SELECT x AS a", "Column c is declared in RETURNS TABLE", "SELECT * FROM w.f(1, ['k'])", [("k", 2.0)]),
    ("a table function has a wrong type", TABLE_FUNCTION, "CREATE OR REPLACE TABLE FUNCTION w.f(x INT64) RETURNS TABLE<a STRING> AS SELECT x AS a", "Column a has type STRING but the query produces type INT64", "SELECT * FROM w.f(1, ['k'])", [("k", 2.0)]),
    ("cluster by nothing", OLD, "CREATE OR REPLACE TABLE w.t (id INT64) CLUSTER BY nope", "unrecognized name: nope", "SELECT * FROM w.t", [(1,)]),
    ("cluster by FLOAT64", OLD, "CREATE OR REPLACE TABLE w.t (id FLOAT64) CLUSTER BY id", "type FLOAT64", "SELECT * FROM w.t", [(1,)]),
    ("partition by TIMESTAMP", OLD, "CREATE OR REPLACE TABLE w.t (id TIMESTAMP) PARTITION BY id", "type TIMESTAMP", "SELECT * FROM w.t", [(1,)]),
    ("columns without a name", OLD, "CREATE OR REPLACE TABLE w.t AS SELECT 1 + 1", "column 1 has no name", "SELECT id FROM w.t", [(1,)]),
    ("view", [*OLD, "CREATE OR REPLACE VIEW w.v AS SELECT 2 AS id"], "CREATE OR REPLACE VIEW w.v AS SELECT nope FROM w.t", "nope", "SELECT * FROM w.v", [(2,)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "statement", "words", "query", "rows"), [pytest.param(*case[1:], id=case[0]) for case in FAILURES]
)
def test_a_statement_that_fails_changes_nothing(
    bigquery: Client, writes: None, before: list[str], statement: str, words: str, query: str, rows: list[Any]
) -> None:
    run(bigquery, ";\n".join(before))
    with pytest.raises(GoogleAPICallError, match=words):
        run(bigquery, statement)
    assert run(bigquery, query) == rows


TODAY = "d = CURRENT_DATE()"
DEFAULTS = ["CREATE OR REPLACE TABLE w.d (id INT64, d DATE DEFAULT CURRENT_DATE(), l ARRAY<INT64>)"]
# what, statements, a query, its rows
RESULTS = [
    ("a table from itself", [*OLD, "CREATE OR REPLACE TABLE w.t (n INT64 NOT NULL) AS SELECT id + 1 FROM w.t"], "SELECT n FROM w.t", [(2,)]),
    ("columns by position", ["CREATE OR REPLACE TABLE w.c (b INT64, s STRUCT<x INT64, y INT64>) AS SELECT 1 AS z, STRUCT(2 AS y, 3 AS x)"], "SELECT b, s.x, s.y FROM w.c", [(1, 2, 3)]),
    ("fields by position", [f"CREATE OR REPLACE TABLE w.t {T}", "INSERT INTO w.t (id, st) SELECT 1, STRUCT('a' AS q, [1] AS x)"], "SELECT st.x, st.y FROM w.t", [("a", [1])]),
    ("NULL arrays are empty", [f"CREATE OR REPLACE TABLE w.t {T}", "INSERT INTO w.t (id, st) VALUES (1, STRUCT('a', NULL))", "UPDATE w.t SET a = NULL WHERE TRUE"], "SELECT a IS NULL, st.y IS NULL FROM w.t", [(False, False)]),
    ("NULL arrays of a query", ["CREATE OR REPLACE TABLE w.c AS SELECT CAST(NULL AS ARRAY<INT64>) AS a"], "SELECT ARRAY_LENGTH(a) FROM w.c", [(0,)]),
    ("rounded", [f"CREATE OR REPLACE TABLE w.t {T}", "INSERT INTO w.t (id, n) VALUES (1, 1.005)", "UPDATE w.t SET n = n + 1.005 WHERE TRUE"], "SELECT n FROM w.t", [(Decimal("2.02"),)]),
    ("rounded half even", ["CREATE OR REPLACE TABLE w.c (n NUMERIC(5, 1) OPTIONS (rounding_mode = 'ROUND_HALF_EVEN'))", "INSERT INTO w.c VALUES (0.25), (0.35)"], "SELECT n FROM w.c ORDER BY n", [(Decimal("0.2"),), (Decimal("0.4"),)]),
    ("defaults", [*DEFAULTS, "INSERT INTO w.d (id) VALUES (1)", "INSERT INTO w.d VALUES (2, DEFAULT, DEFAULT), (3, NULL, [1])"], f"SELECT id, {TODAY}, ARRAY_LENGTH(l) FROM w.d ORDER BY id", [(1, True, 0), (2, True, 0), (3, None, 1)]),
    ("defaults of MERGE and UPDATE", [*DEFAULTS, "INSERT INTO w.d VALUES (1, NULL, NULL)", "MERGE w.d USING (SELECT 1 AS k UNION ALL SELECT 2) ON id = k WHEN MATCHED THEN UPDATE SET d = DEFAULT WHEN NOT MATCHED THEN INSERT (id, d) VALUES (k, DEFAULT)"], f"SELECT id, {TODAY} FROM w.d ORDER BY id", [(1, True), (2, True)]),
    ("a default is changed", [*DEFAULTS, "ALTER TABLE w.d ALTER COLUMN d SET DEFAULT '2020-01-01'", "INSERT INTO w.d (id) VALUES (1)", "ALTER TABLE w.d ALTER COLUMN d DROP DEFAULT", "INSERT INTO w.d (id) VALUES (2)"], "SELECT id, d FROM w.d ORDER BY id", [(1, datetime.date(2020, 1, 1)), (2, None)]),
    ("arrays and JSON are assigned", ["CREATE OR REPLACE TABLE w.c (a ARRAY<INT64>, j JSON)", "INSERT INTO w.c VALUES ([1], JSON '1')", "UPDATE w.c SET a = [2], j = JSON '2' WHERE TRUE", "UPDATE w.c SET a = ARRAY(SELECT x + 1 FROM UNNEST(a) AS x) WHERE TRUE"], "SELECT * FROM w.c", [([3], 2)]),
    ("two fields of a STRUCT are assigned", ["CREATE OR REPLACE TABLE w.c (s STRUCT<a INT64, b ARRAY<INT64>>)", "INSERT INTO w.c VALUES (STRUCT(1, [2]))", "UPDATE w.c SET s.b = NULL, s.a = 7 WHERE TRUE"], "SELECT s FROM w.c", [({"a": 7, "b": []},)]),
    ("merge on FALSE", [*OLD, "MERGE w.t USING (SELECT 2 AS k) ON FALSE WHEN NOT MATCHED THEN INSERT (id) VALUES (k) WHEN NOT MATCHED BY SOURCE THEN DELETE"], "SELECT id FROM w.t", [(2,)]),
    ("merge with a partition filter", [*PARTITIONED, "MERGE w.p t USING (SELECT 1 AS k) ON id = k AND t.d > '2023-01-01' WHEN MATCHED THEN UPDATE SET id = 5"], "SELECT id FROM w.p WHERE d > '2000-01-01'", [(5,)]),
    ("like", [*NEW, "CREATE OR REPLACE TABLE w.same LIKE w.t"], "SELECT column_name, data_type, is_nullable FROM w.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'same' ORDER BY ordinal_position", [("id", "INT64", "NO"), ("s", "STRING(3)", "YES"), ("n", "NUMERIC(5, 2)", "YES"), ("a", "ARRAY<INT64>", "YES"), ("st", "STRUCT<x STRING(2), y ARRAY<INT64>>", "YES")]),
    ("copy", [*PARTITIONED, "CREATE OR REPLACE TABLE w.copy COPY w.p"], "SELECT column_name FROM w.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'copy' AND is_partitioning_column = 'YES'", [("d",)]),
    ("wider types", ["CREATE OR REPLACE TABLE w.c AS SELECT 1 AS i, STRUCT(1 AS x) AS s, [STRUCT(1 AS k)] AS l", "ALTER TABLE w.c ALTER COLUMN i SET DATA TYPE NUMERIC, ALTER COLUMN s SET DATA TYPE STRUCT<x INT64, y STRING>, ALTER COLUMN l SET DATA TYPE ARRAY<STRUCT<k INT64, m ARRAY<STRING>>>"], "SELECT i, s, l FROM w.c", [(Decimal(1), {"x": 1, "y": None}, [{"k": 1, "m": []}])]),
    ("columns are renamed, added and dropped", ["CREATE OR REPLACE TABLE w.c AS SELECT 1 AS a, 2 AS b, 3 AS c", "ALTER TABLE w.c RENAME COLUMN a TO x, RENAME COLUMN b TO y", "ALTER TABLE w.c DROP COLUMN c, ADD COLUMN IF NOT EXISTS x INT64, ADD COLUMN z ARRAY<INT64>"], "SELECT * FROM w.c", [(1, 2, [])]),
    ("columns of a table function", TABLE_FUNCTION, "SELECT ddl FROM w.INFORMATION_SCHEMA.ROUTINES WHERE routine_name = 'f'", [("CREATE TABLE FUNCTION `local-dev.w.f`(`x` INT64, `s` ARRAY<STRING>) RETURNS TABLE<`b` STRING, `x` FLOAT64> AS SELECT x + 1 AS x, s[0] AS b, 1 AS left_out;",)]),
    ("options set to NULL", ["CREATE OR REPLACE TABLE w.c (a INT64 OPTIONS (description = 'x')) OPTIONS (description = 'y', labels = [('k', 'v')])", "ALTER TABLE w.c SET OPTIONS (description = NULL, labels = [('l', 'w')])", "ALTER TABLE w.c ALTER COLUMN a SET OPTIONS (description = NULL)"], "SELECT option_name, option_value FROM w.INFORMATION_SCHEMA.TABLE_OPTIONS WHERE table_name = 'c'", [("labels", '[STRUCT("l", "w")]')]),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "query", "rows"), [pytest.param(*case[1:], id=case[0]) for case in RESULTS])
def test_what_is_written(bigquery: Client, writes: None, statements: list[str], query: str, rows: list[Any]) -> None:
    run(bigquery, ";\n".join(statements))
    assert run(bigquery, query) == rows


def test_a_table_of_the_default_dataset_is_renamed(bigquery: Client, writes: None) -> None:
    run(bigquery, "CREATE OR REPLACE TABLE w.old_name AS SELECT 1 AS id")
    config = google_bigquery.QueryJobConfig(default_dataset=f"{bigquery.project}.w")
    bigquery.query("ALTER TABLE old_name RENAME TO new_name", config, job_retry=None).result()
    assert run(bigquery, "SELECT id FROM w.new_name") == [(1,)]


def test_a_wide_row_is_written_as_json(bigquery: Client) -> None:
    kinds = ["{}", "'text {}'", "cast({} as numeric)", "{} / 4", "date '2024-01-02'", "[{}, 2]", "cast(null as int64)"]
    values = [kinds[at % len(kinds)].format(at) for at in range(150)]
    columns = ", ".join(f"{value} as c{at}" for at, value in enumerate(values))
    names = ", ".join(f"c{at}" for at in range(len(values)))
    texts = [
        "to_json_string(t)",
        f"to_json_string(struct({names}))",
        "to_json_string([t])",
        "to_json(t)",
    ]
    [row] = bigquery.query_and_wait(f"select {', '.join(texts)} from (select {columns}) as t", wait_timeout=20)
    few = [f"trim(to_json_string(struct({value} as c{at})), '{{}}')" for at, value in enumerate(values)]
    [parts] = bigquery.query_and_wait(f"select {', '.join(few)}")
    expected = f"{{{','.join(parts.values())}}}"
    assert row.values() == (expected, expected, f"[{expected}]", json.loads(expected))
