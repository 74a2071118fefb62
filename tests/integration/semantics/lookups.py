"""Compares the direct look-ups of one table with DuckDB's list of all tables and columns.

Runs in the warehouse's environment. Standard output is a JSON list: the answers of local-bigquery, those of the
warehouse, the SQL that the warehouse ran for tables and views of an exact name, and the names as they were created.
"""

import json
from typing import Any

from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.sql.rules import partitions
from sqlglot import exp

from warehouse import lookups
from warehouse.memory import kept
from warehouse.watched import DEFINITIONS

PROJECT = "local-dev"
NAMES = (
    *("t", "T", "Mixed", "mixed", "plain view", "selects t", "broken", "changed", "missing", 'a"b.c', "data.csv"),
    *("hidden", "of hidden", "made from t", "é"),
)
SCHEMA = """
    ATTACH ':memory:' AS "local-dev";
    USE "local-dev";
    CREATE SCHEMA d; CREATE SCHEMA e;
    CREATE TABLE d.t (id BIGINT NOT NULL, s VARCHAR DEFAULT 'x', k INT PRIMARY KEY, j JSON NOT NULL, a INT[]);
    CREATE TABLE d."Mixed" (id INT, "Name" VARCHAR NOT NULL);
    CREATE TABLE d."made from t" AS SELECT * FROM d.t;
    CREATE TABLE d."a""b.c" (x STRUCT(y INT) NOT NULL);
    CREATE TABLE d."é" (x INT);
    CREATE TABLE d.hidden (id INT NOT NULL, "_PARTITIONTIME" TIMESTAMPTZ DEFAULT date_trunc('day', current_timestamp));
    CREATE VIEW d."of hidden" AS SELECT * FROM d.hidden;
    CREATE VIEW d."plain view" AS SELECT 1 AS x;
    CREATE VIEW d."selects t" AS SELECT * FROM d.t;
    CREATE VIEW d."Ö" AS SELECT 1 AS x; CREATE VIEW d."ö" AS SELECT 2 AS x; -- DuckDB folds only ASCII letters
    CREATE TABLE e.broken (x INT); CREATE VIEW d.broken AS SELECT * FROM e.broken; DROP TABLE e.broken;
    CREATE TABLE e.changed (x INT); CREATE VIEW d.changed AS SELECT x FROM e.changed;
    ALTER TABLE e.changed RENAME x TO y;
    USE memory;
"""


def answer(function: Any, *arguments: Any) -> Any:
    """Return what a look-up finds, or the kind of its error."""
    try:
        found = function(*arguments)
    except (BigQueryError, database.duckdb.Error) as error:
        return type(error).__name__
    return [list(row) if isinstance(row, tuple) else row.dump() for row in found] if isinstance(found, list) else found


def every() -> dict[str, Any]:
    """Return the answers of all look-ups."""
    found = {}
    for name in NAMES:
        for dataset in ("d", "D", "e", "none", None):
            found[f"object {dataset}.{name}"] = answer(database.objects, PROJECT, dataset, name)
        if name not in ("T", "mixed"):  # local-bigquery finds the columns in another case, but not their modes
            found[f"columns {name}"] = answer(tables.columns, PROJECT, "d", name)
        found[f"hidden {name}"] = answer(partitions._hidden, exp.table_(name, "d", PROJECT, quoted=True))
    return found


connection = database.duckdb.connect()
connection.execute(SCHEMA)
database._connect = lambda: connection
before = every()
for bridge in (lookups.one_object, lookups.one_schema, lookups.one_hidden_column):
    bridge()
after = every()
assert every() == after, "the second answers are from memory"
kept.forget(DEFINITIONS)
asked: list[str] = []
fetch = database.fetch


def recorded(sql: str, *arguments: Any) -> Any:
    """Run a statement and keep its SQL and its parameters."""
    asked.append(f"{sql} {arguments}")
    return fetch(sql, *arguments)


database.fetch = recorded
for name in ("t", "selects t", "broken", "missing"):
    database.objects(PROJECT, "d", name)
tables.columns(PROJECT, "d", "t")
database.fetch = fetch
created = {name: lookups.name_as_created((PROJECT, "d", name)) for name in (*NAMES, "Plain VIEW", "Ö", "ö")}
print(json.dumps([before, after, asked, created]))
