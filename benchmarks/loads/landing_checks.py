"""Runs the checks of a landing table, as a run of Dagster does. The orchestrator's Python runs this file.

Usage: python landing_checks.py '{"configuration": …, "stream": …, "table": "project.dataset.table"}', with the
orchestrator's variables. It runs the checks once at the start, since a run worker has loaded all programs before its
steps, and again for each line of its input. After each time it prints JSON: the rows and what failed.
"""

import itertools
import json
import sys
from typing import Any

import dagster as dg

from connections_file import Source, Stream
from orchestrator.checks.run import TableChecks
from orchestrator.files import Bucket
from orchestrator.reading.formats import stream_files
from orchestrator.warehouse import Warehouse


def check(order: dict[str, Any], instance: dg.DagsterInstance, time: int) -> dict[str, Any]:
    """Run the checks; return what is printed. The asset of each time has a name of its own: no file is remembered."""
    source = Source(name="bench", connector="source-s3", configuration=order["configuration"])
    stream = Stream(
        name=order["stream"], sync_mode="full_refresh_overwrite", dbt_source=f"bench.{time}", primary_key=[["id"]]
    )
    checks = TableChecks(stream, order["table"], stream_files(stream, source))
    selected = {spec.name for spec in checks.specs}
    warehouse, bucket = Warehouse(), Bucket()
    table = checks.read(warehouse)
    results = list(checks.results(table, selected, warehouse, bucket, instance))
    failed = [f"{result.check_name}: {result.description}" for result in results if not result.passed]
    return {"rows": table.rows, "failed": failed}


def main() -> None:
    """Run the checks once, and again for each line of the input."""
    order = json.loads(sys.argv[1])
    with dg.DagsterInstance.ephemeral() as instance:
        for time, _ in enumerate(itertools.chain(["start"], sys.stdin)):
            print(json.dumps(check(order, instance, time)), flush=True)


if __name__ == "__main__":
    main()
