"""Runs a query on the platform's warehouse and shows the result as a table, for `make sql` and `make demo`."""

import contextlib
import os
import subprocess
import sys

from tools import endings
from tools.local import foreign
from tools.local.claims import development
from tools.local.platform import ROOT, python, warn
from tools.stack import running
from tools.stack.compose import StackError, read_env, urls

CLIENT = ROOT / "tools" / "bigquery_table.py"
CANCEL_SECONDS = 10.0
EXAMPLE = "make sql q='select * from jaffle_trusted.dim_customers limit 5'"


class QueryError(Exception):
    """A query that failed, with BigQuery's message."""


def show(environment: dict[str, str], query: bytes) -> None:
    """Print a query's result as an aligned text table. Raises QueryError, KeyboardInterrupt and BrokenPipeError."""
    # google-cloud-bigquery is installed in airbyte_lite's environment; this package uses the standard library only.
    with subprocess.Popen(
        [python("airbyte_lite"), str(CLIENT)],
        env=(foreign.without(os.environ) if "BIGQUERY_EMULATOR_HOST" in environment else os.environ) | environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=endings.end_with_parent,
    ) as client:
        try:
            _, errors = client.communicate(query)
        except KeyboardInterrupt:  # the client, which gets Ctrl-C too, cancels the query
            with contextlib.suppress(subprocess.TimeoutExpired):
                client.wait(CANCEL_SECONDS)
            client.kill()
            raise
    if client.returncode == endings.INTERRUPTED:
        raise KeyboardInterrupt
    if client.returncode == endings.CLOSED:
        raise BrokenPipeError
    if client.returncode:
        raise QueryError(errors.decode(errors="replace").strip() or f"its program ended with {client.returncode}")


def running_platform() -> dict[str, str]:
    """Return the variables that name the warehouse.

    They are empty when the environment names one already; else those of the running `make dev`, else those of .env.
    Raises NotRunningError when the warehouse is the emulator and none runs in this checkout, StackError for an invalid
    setting.
    """
    running.check_shell("WAREHOUSE", "BIGQUERY_EMULATOR_HOST", "BQ_PROJECT", "BQ_DATASET", "BQ_LOCATION")
    if os.environ.get("BIGQUERY_EMULATOR_HOST") or os.environ.get("WAREHOUSE") == "bigquery":
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
    """Run the query in the arguments, else the one of the input. Return 0, 1 when it fails, or 2 without a query."""
    query = os.fsencode(" ".join(sys.argv[1:])).strip()
    if not query and sys.stdin and not sys.stdin.isatty():
        query = sys.stdin.buffer.read().strip()
    if not query:
        warn(f"sql: the query is missing. For example: {EXAMPLE}, or make sql < query.sql")
        return 2
    try:
        query.decode()
        show(running_platform(), query)
    except UnicodeDecodeError as error:
        warn(f"sql: the query is not UTF-8 at its byte {error.start}. Write it in UTF-8, then run the same command.")
        return 1
    except (QueryError, StackError) as error:
        warn(f"sql: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(endings.ended("sql", main))
