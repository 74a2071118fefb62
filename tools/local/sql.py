"""Runs a query on the platform's warehouse and shows the result as a table, for `make sql` and `make demo`."""

import os
import subprocess
import sys

from tools import disk
from tools.local.claims import development
from tools.local.platform import ROOT, python, warn
from tools.stack import running
from tools.stack.compose import StackError, read_env, urls

CLIENT = ROOT / "tools" / "bigquery_table.py"


class QueryError(Exception):
    """A query that failed, with BigQuery's message."""


def table(environment: dict[str, str], query: str) -> str:
    """Return a query's result as an aligned text table. Raises QueryError."""
    # google-cloud-bigquery is installed in airbyte_lite's environment; this package uses the standard library only.
    result = subprocess.run(
        [python("airbyte_lite"), str(CLIENT)],
        env=dict(os.environ) | environment,
        input=query,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        raise QueryError(result.stderr.strip())
    return result.stdout.rstrip()


def running_platform() -> dict[str, str]:
    """Return the variables that name the warehouse.

    They are empty when the environment names one already; else those of the running `make dev`, else those of .env.
    Raises NotRunningError when the warehouse is the emulator and none runs in this checkout, StackError for an invalid
    setting.
    """
    running.check_shell("WAREHOUSE", "BIGQUERY_EMULATOR_HOST", "BQ_PROJECT", "BQ_DATASET", "BQ_LOCATION")
    if "BIGQUERY_EMULATOR_HOST" in os.environ or os.environ.get("WAREHOUSE") == "bigquery":
        return {}
    if variables := development():
        return variables
    settings = read_env()
    if settings.get("WAREHOUSE") == "bigquery":
        return settings
    if "warehouse" not in running.compose_services():
        raise running.NotRunningError("the warehouse", "BIGQUERY_EMULATOR_HOST")
    return settings | {"BIGQUERY_EMULATOR_HOST": urls(settings)["warehouse"]}


def main() -> int:
    """Run the query in the arguments. Return 0, 1 when the query fails, or 2 without a query."""
    query = " ".join(sys.argv[1:]).strip()
    if not query:
        warn("sql: the query is missing. For example: make sql q='select * from jaffle_trusted.dim_customers limit 5'")
        return 2
    try:
        print(table(running_platform(), query))
    except (QueryError, StackError) as error:
        warn(f"sql: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(disk.watched("sql", main))
