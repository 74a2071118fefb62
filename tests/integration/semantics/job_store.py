"""Follows a job through the store of jobs. Runs in the warehouse's environment.

Standard output is a JSON object: for each moment, the job's state in the table of jobs, and the state that a client is
told.
"""

import json
from typing import Any

from local_bigquery.engine import database
from local_bigquery.jobs import runner, store
from local_bigquery.models import JobConfiguration

from warehouse import job_store

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
    """Note the state of a job."""
    stored = database.fetch("SELECT state FROM emulator.jobs WHERE project_id = 'p' AND job_id = ?", [identity])
    told = store.load("p", identity)
    moments[moment] = [stored[0][0] if stored else None, told.status.state if told else None]


note("before")
store.save(job("a", "PENDING"))
note("submitted")
runner.wait("p", "a", 0)
note("answered while it waits")
store.save(job("a", "RUNNING"))
note("running")
store.save(job("a", "DONE"))
note("done")
runner.wait("p", "a", 0)
note("answered when it is done")
store.save(job("b", "PENDING"))
assert [each.jobReference.jobId for each in store.list_("p", ["PENDING"])] == ["b"]
note("listed", "b")
store.save(job("long", "DONE", "select 1 -- " + "x" * job_store.LONGEST))
note("too long for the memory", "long")
for number in range(job_store.KEPT):
    store.save(job(f"n{number}", "DONE"))
note("no longer in memory")
store.delete("p", "n7")
note("deleted", "n7")
print(json.dumps(moments))
