"""Follows a job through the store of jobs. Runs in the warehouse's environment.

Standard output is a JSON object: for each moment, the state that a client is told, and the job's states in the table of
jobs before and after that.
"""

import json
from typing import Any

from local_bigquery.engine import database
from local_bigquery.jobs import runner, store
from local_bigquery.models import JobConfiguration

from warehouse import job_store

TABLE = {"projectId": "p", "datasetId": "d", "tableId": "t"}
READS = ("select 1", "/* dbt */ select 1", "-- a\n# b\nWITH t AS (SELECT 1) SELECT * FROM t;\n", "(select 1)")
WRITES = (
    *("insert into t values (1)", "-- select\ninsert into t values (1)", "/* select */ merge into t using s on false"),
    *("select 1; insert into t values (1)", "select 1;\n\ndelete from t where true", "create table t as select 1"),
    *("begin select 1; end", "call p()", "selects"),
    "/* a */ insert into t (a) /* b */ (select 1)",
    "/* a */ create or replace table t as (\n/* b */\nselect 1)",
    "/* a */ merge into t using (/* b */ select 1) as s on false",
    "/**/" * 40 + "insert into t values (1)",
)
connection = database.duckdb.connect()
connection.execute("ATTACH ':memory:' AS emulator")
connection.execute(database.EMULATOR_SCHEMA)
database._connect = lambda: connection
job_store.newest_in_memory()
moments: dict[str, Any] = {}


def job(identity: str, state: str, words: str = "select 1") -> Any:
    """Return a job in a state."""
    configuration = JobConfiguration.model_validate({"query": {"query": words}})
    return runner._job("p", identity, configuration).replace(status={"state": state})


def note(moment: str, identity: str = "a") -> None:
    """Note the states of a job."""
    before = stored(identity)
    told = store.load("p", identity)
    moments[moment] = [told.status.state if told else None, before, stored(identity)]


def stored(identity: str) -> str | None:
    """Return the job's state in the table of jobs."""
    rows = database.fetch("SELECT state FROM emulator.jobs WHERE project_id = 'p' AND job_id = ?", [identity])
    return rows[0][0] if rows else None


note("before")
store.save(job("a", "PENDING"))
note("submitted")
store.save(job("a", "RUNNING"))
note("running")
store.save(job("a", "DONE"))
note("done")
store.save(job("b", "PENDING"))
assert [each.jobReference.jobId for each in store.list_("p", ["PENDING"])] == ["b"]
note("listed", "b")
for number, text in enumerate(READS):
    store.save(job(f"r{number}", "RUNNING", text))
    assert stored(f"r{number}") is None, text
store.save(job("r0", "DONE"))
note("done at once", "r0")
for number, text in enumerate(WRITES):
    store.save(job(f"w{number}", "RUNNING", text))
    assert stored(f"w{number}") == "RUNNING", text
    assert stored("r1") is None
store.save(job("copy", "RUNNING").replace(configuration={"query": {"query": "select 1", "destinationTable": TABLE}}))
assert stored("copy") == "RUNNING"
store.save(job("load", "RUNNING").replace(configuration={"load": {"destinationTable": TABLE}}))
assert stored("load") == "RUNNING"
store.save(job("catalog", "RUNNING", "select * from `region-us`.information_schema.jobs"))
assert [stored("catalog"), stored("r1")] == ["RUNNING", "RUNNING"], "what a query may list is written"
store.save(job("long", "DONE", "select 1 -- " + "x" * job_store.LONGEST))
note("too long for the memory", "long")
for number in range(job_store.KEPT):
    store.save(job(f"n{number}", "DONE"))
note("no longer in memory")
store.delete("p", "n7")
note("deleted", "n7")
store.save(job("n7", "RUNNING", "insert into t values (1)"))
store.save(job("n7", "DONE"))
note("again under the same id", "n7")
earlier = ["p", "old", None, "RUNNING", 1, "{}"]
database.execute("INSERT INTO emulator.jobs VALUES (?, ?, ?, ?, ?, ?)", earlier)
store.save(job("old", "DONE"))
note("begun by an earlier process", "old")
store.save(job("old", "DONE").replace(configuration={"query": {"query": "select 2"}}))
assert store.load("p", "old").configuration.query.query == "select 2"
note("done twice", "old")
print(json.dumps(moments))
