"""airbyte-lite's database after a process that wrote to it has died."""

import subprocess
import sys
from pathlib import Path

from airbyte_lite.state.database import Database
from airbyte_lite.state.jobstore import JobStore
from airbyte_lite.state.store import Store

WRITE_AND_DIE = """
import os, pathlib, sys
from airbyte_lite.state.database import Database
from airbyte_lite.state.jobstore import JobStore
from airbyte_lite.state.store import Store
from airbyte_lite.loader.sync import SyncProgress
database = Database(pathlib.Path(sys.argv[1]))
jobs = JobStore(database)
jobs.start(jobs.create("c1", "w1", "sync").id)
Store(database).next_generations("c1", ["orders"])
with database.write() as connection:
    connection.execute("delete from generations")
    os._exit(9)
"""


def test_process_that_dies_leaves_committed_data_only(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, tmp_path], timeout=30, check=False)
    assert died.returncode == 9
    database = Database(tmp_path)
    assert Store(database).generations("c1") == {"orders": 1}
    assert JobStore(database).fail_interrupted() == 1
    database.close()
