"""Reads a query from standard input, runs it on BigQuery or its emulator, and prints the rows as an aligned table."""

import os
import sys
from datetime import datetime
from decimal import Decimal
from typing import Any

import google.auth.exceptions
import requests.exceptions
from google.api_core.exceptions import GoogleAPIError, RetryError
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

import platform_kit.bigquery
from platform_kit.settings_table import TABLE

TIMEOUT_SECONDS = 10  # to reach the server; the query itself may take longer
RETRY = DEFAULT_RETRY.with_timeout(TIMEOUT_SECONDS)  # the client's default is 10 minutes
NUMBERS = (int, float, Decimal)


def client() -> bigquery.Client:
    """Return a client of the emulator when BIGQUERY_EMULATOR_HOST is set, else of Google BigQuery."""
    return platform_kit.bigquery.client(
        os.environ.get("BQ_PROJECT") or TABLE["BQ_PROJECT"].default,
        os.environ.get("BQ_LOCATION") or TABLE["BQ_LOCATION"].default,
        emulator=os.environ.get("BIGQUERY_EMULATOR_HOST"),
    )


def text(value: Any) -> str:
    """Return the value of a cell as text."""
    if value is None:
        return "NULL"
    return value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else str(value)


def main() -> None:
    """Print the table. When the query fails, print BigQuery's message and exit with code 1."""
    try:
        job = client().query(sys.stdin.read(), retry=RETRY, job_retry=None, timeout=TIMEOUT_SECONDS)
        rows = job.result(job_retry=None)
        names, cells = [field.name for field in rows.schema], [list(row.values()) for row in rows]
    except (RetryError, requests.exceptions.ConnectionError):
        where = os.environ.get("BIGQUERY_EMULATOR_HOST", "Google BigQuery")
        sys.exit(f"the warehouse does not answer at {where}. Start the platform first: `make dev` or `make up`.")
    except (GoogleAPIError, google.auth.exceptions.GoogleAuthError) as error:
        sys.exit(getattr(error, "message", None) or str(error))
    widths = [max([len(name), *(len(text(row[i])) for row in cells)]) for i, name in enumerate(names)]
    header = "  ".join(name.ljust(width) for name, width in zip(names, widths, strict=True))
    print("  " + header.rstrip())
    print("  " + "  ".join("-" * width for width in widths))
    for row in cells:
        aligned = [
            text(value).rjust(width) if isinstance(value, NUMBERS) else text(value).ljust(width)
            for value, width in zip(row, widths, strict=True)
        ]
        print("  " + "  ".join(aligned).rstrip())
    print(f"  ({len(cells)} rows)")


if __name__ == "__main__":
    main()
