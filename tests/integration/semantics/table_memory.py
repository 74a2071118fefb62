"""Changes tables in many ways, and compares the emulator's memory of them with DuckDB's answers.

Runs in the warehouse's environment. Standard output is a JSON object: for each statement, whether the memory after the
statement equals a new look at DuckDB, and whether the memory differs from the one before the statement.
"""

import contextlib
import json
from types import SimpleNamespace
from typing import Any

from local_bigquery.catalog import datasets, tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.sql.rules import partitions
from sqlglot import exp

from warehouse import bytes_read, lookups, watched
from warehouse.memory import kept
from warehouse.semantics import catalog

PROJECT = "local-dev"
REFERENCES = [(PROJECT, "d", name) for name in ("t", "v", "renamed", "made")]
CHANGES = (
    'INSERT INTO "local-dev".d.t VALUES (1), (2)',
    'WITH more AS (SELECT 3 AS id) INSERT INTO "local-dev".d.t SELECT id FROM more',
    'UPDATE "local-dev".d.t SET id = 40 WHERE id = 3',
    'DELETE FROM "local-dev".d.t WHERE id = 1',
    'ALTER TABLE "local-dev".d.t ADD COLUMN s VARCHAR',
    'ALTER TABLE "local-dev".d.t ALTER COLUMN id SET NOT NULL',
    'CREATE OR REPLACE VIEW "local-dev".d.v AS SELECT id AS number FROM "local-dev".d.t',
    'CREATE TABLE "local-dev".d.made AS SELECT 1 AS x',
    'DROP VIEW "local-dev".d.v; CREATE TABLE "local-dev".d.v (y INT)',
    'ALTER TABLE "local-dev".d.made RENAME TO renamed',
    'ALTER TABLE "local-dev".d.renamed ADD COLUMN "_PARTITIONTIME" TIMESTAMPTZ',
    'TRUNCATE "local-dev".d.renamed',
    '/* a comment */ drop table "local-dev".d.renamed',
    'CREATE SCHEMA "local-dev".other',
    'DROP SCHEMA "local-dev".other',
)
connection = database.duckdb.connect()
connection.execute(
    "ATTACH ':memory:' AS emulator; ATTACH ':memory:' AS \"local-dev\"; CREATE SCHEMA \"local-dev\".d;"
    'CREATE TABLE "local-dev".d.t (id INT); CREATE VIEW "local-dev".d.v AS SELECT * FROM "local-dev".d.t;'
)
database._connect = lambda: connection
for bridge in (
    watched.statements,
    lookups.one_object,
    lookups.one_dataset,
    lookups.one_schema,
    lookups.one_hidden_column,
):
    bridge()


def known(cursor: Any = None) -> Any:
    """Return the emulator's facts about the tables: kinds, columns and their types, hidden columns, rows; datasets."""
    found: list[Any] = [datasets.exists(PROJECT, name) for name in ("d", "other")]
    for reference in REFERENCES:
        name = tables.name(*reference)
        with contextlib.suppress(BigQueryError):
            found.append([field.dump() for field in tables.columns(*reference)])
        with contextlib.suppress(database.duckdb.Error):
            found.append(
                [list(row) for row in bytes_read.rows_of(reference, f"SELECT list(row)::VARCHAR FROM {name} AS row")]
            )
        found.append([list(row) for row in database.objects(*reference)])
        found.append(catalog.columns_of_table(name, SimpleNamespace(cursor=cursor or database.connection())))
        found.append(partitions._hidden(exp.table_(reference[2], "d", PROJECT, quoted=True)))
    return found


def anew() -> Any:
    """Return the same facts, read from DuckDB."""
    kept.forget(watched.DEFINITIONS)
    kept.forget(watched.ROWS)
    return known()


told: dict[str, Any] = {}
before = known()
for change in CHANGES:
    database.execute(change)
    after = known()
    told[change] = [after == anew(), after != before]
    before = after
with database.cursor() as other:
    other.execute("BEGIN")
    other.execute('INSERT INTO "local-dev".d.t VALUES (9, NULL)')
    other.execute('ALTER TABLE "local-dev".d.v ADD COLUMN z INT')
    told["open transaction, for others"] = [known() == before, False]
    told["open transaction, for itself"] = [
        "z" in catalog.columns_of_table('"local-dev"."d"."v"', SimpleNamespace(cursor=other)),
        True,
    ]
    other.execute("COMMIT")
    after = known()
    told["committed"] = [after == anew(), after != before]
    temporary = [other.sql(watched.TEMPORARY).fetchall()]
    other.execute("CREATE TEMP TABLE mine (x INT)")
    temporary.append(other.sql(watched.TEMPORARY).fetchall())
    told["temporary tables"] = [temporary == [[], [("mine",)]], True]
asked: list[str] = []
upstream = watched.Watched._note
watched.Watched._note = lambda self, query: (asked.append(query), upstream(self, query))[1]  # type: ignore[method-assign,func-returns-value]
asked_once = ['SELECT * FROM "local-dev"."d"."t" LIMIT 0']
database.execute('CREATE OR REPLACE TABLE emulator.main.other AS SELECT 1 AS "dropped"')
database.execute("SELECT 'create'")
known()
told["read again"] = [any('"t"' in query for query in asked), True]
told["bound once"] = [[query for query in asked if "LIMIT 0" in query and '"t"' in query] == asked_once, True]
asked.clear()
database.execute('SELECT 1 AS created_at, 2 AS "last_updated"')
known()
told["statements after a SELECT"] = [not any('"t"' in query for query in asked), True]
print(json.dumps(told))
