"""Reads a query from standard input, runs it on BigQuery or its emulator, and prints the rows as an aligned table.

The rows are read and printed in parts, so that a million of them need little memory.
"""

import os
import re
import sys
import time
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import google.auth.exceptions
import requests.exceptions
from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError, RetryError
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

import platform_kit.bigquery
from platform_kit.bigquery_results import NUMBERS, readable, selecting, text_of, words
from platform_kit.settings_table import TABLE

TIMEOUT_SECONDS = 10  # for one request; the query itself may take longer
RETRY = DEFAULT_RETRY.with_timeout(TIMEOUT_SECONDS)  # the client's default is 10 minutes
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.5  # seconds between two looks at the job
PART = 10_000  # rows of one answer; the widths of the columns are those of the first part
# What would move the cursor, change colours, begin a new line or turn the direction of the text.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class NotBigQueryError(Exception):
    """The answer at the address of the warehouse is not one of BigQuery's API."""


def client() -> bigquery.Client:
    """Return a client of the emulator when BIGQUERY_EMULATOR_HOST is set, else of Google BigQuery."""
    return platform_kit.bigquery.client(
        os.environ.get("BQ_PROJECT") or TABLE["BQ_PROJECT"].default,
        os.environ.get("BQ_LOCATION") or TABLE["BQ_LOCATION"].default,
        emulator=os.environ.get("BIGQUERY_EMULATOR_HOST"),
    )


def text(value: Any, field: bigquery.SchemaField) -> str:
    """Return the value of a cell as text on one line: a control character is shown as its escape."""
    if value is None:
        return "NULL"
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text_of(value, field))


def begin(warehouse: bigquery.Client, query: str) -> Any:
    """Return the job of a query. Raises NotBigQueryError when something else answers, and the client's errors."""
    try:
        job = warehouse.query(query, retry=RETRY, job_retry=None, timeout=TIMEOUT_SECONDS)
    except (AttributeError, TypeError, ValueError) as error:  # the client does not check what it gets
        raise NotBigQueryError from error
    if job.state is None:
        raise NotBigQueryError
    return job


def run(warehouse: bigquery.Client, query: str) -> Iterator[str]:
    """Run a query and yield the lines of its result. Ctrl-C cancels it. Raises as `begin` does."""
    job = begin(warehouse, query)
    pause = FIRST_PAUSE
    try:
        # Not result(): the emulator would answer with all rows at once.
        while not job.done(retry=RETRY, timeout=TIMEOUT_SECONDS):
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
    except KeyboardInterrupt:
        job.cancel(retry=None, timeout=TIMEOUT_SECONDS)
        raise
    if job.error_result:
        raise job.exception()
    if found := selecting(warehouse, job):
        yield from lines(warehouse, found.destination)
    elif job.num_dml_affected_rows is not None:
        yield f"  {rows_of(job.num_dml_affected_rows)} changed"
    elif job.statement_type == "SCRIPT":  # the emulator keeps no other result of a script
        yield "  done. A script shows the rows of its last statement, if that is a SELECT."
    else:
        yield f"  done, without a result ({job.statement_type or 'no statement'})"


def lines(warehouse: bigquery.Client, destination: Any) -> Iterator[str]:
    """Yield the lines of the table with a result: names, values, the number of rows."""
    schema = warehouse.get_table(destination, retry=RETRY, timeout=TIMEOUT_SECONDS).schema
    table = bigquery.Table(destination, readable(schema))
    rows = warehouse.list_rows(table, page_size=PART, retry=RETRY, timeout=TIMEOUT_SECONDS)
    cells = ([text(value, field) for value, field in zip(row.values(), schema, strict=True)] for row in rows)
    first = list(islice(cells, PART))
    widths = [max([len(field.name), *(len(row[i]) for row in first)]) for i, field in enumerate(schema)]
    yield "  " + "  ".join(field.name.ljust(width) for field, width in zip(schema, widths, strict=True)).rstrip()
    yield "  " + "  ".join("-" * width for width in widths)
    right = [field.field_type in NUMBERS and field.mode != "REPEATED" for field in schema]
    count = 0
    for row in chain(first, cells):
        count += 1
        aligned = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, right, strict=True)
        ]
        yield "  " + "  ".join(aligned).rstrip()
    yield f"  ({rows_of(count)})"


def rows_of(count: int) -> str:
    """Return a number of rows in words."""
    return f"{count} {'row' if count == 1 else 'rows'}"


def main() -> None:
    """Print the table. When the query fails, print BigQuery's message and exit with code 1."""
    where = os.environ.get("BIGQUERY_EMULATOR_HOST") or "Google BigQuery"
    try:
        for line in run(client(), sys.stdin.read()):
            print(line)
        print(end="", flush=True)
    except (RetryError, requests.exceptions.ConnectionError):
        sys.exit(f"the warehouse does not answer at {where}. Start the platform first: `make dev` or `make up`.")
    except NotBigQueryError:
        sys.exit(f"what answers at {where} is not BigQuery. Set BIGQUERY_EMULATOR_HOST to the address of the emulator.")
    except GoogleAPICallError as error:
        sys.exit(words(error))
    except (GoogleAPIError, google.auth.exceptions.GoogleAuthError, requests.exceptions.RequestException) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)  # `make sql` tells
    except OSError as error:  # of print(): the reader has ended, as `head` does, or a file cannot be written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141 if isinstance(error, BrokenPipeError) else f"the result cannot be written: {error.strerror}")


if __name__ == "__main__":
    main()
