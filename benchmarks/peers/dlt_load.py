"""Loads files from S3 with dlt, in the fastest way that dlt documents: Arrow data all the way, Parquet load files.

Usage: python dlt_load.py '{"endpoint": …, "bucket": …, "glob": …, "format": …, "reader": …, "destination": …}'
The last line that it prints is JSON: the rows, and the processor seconds that the start of the program took.

What makes dlt fast here, from its documentation:
- Arrow tables are written to Parquet files as they are; dictionaries would be normalized one by one (its page "Arrow
  Table / Pandas").
- Several files are read at the same time, each by a thread of dlt ("parallelized", its page on performance).
- PyArrow reads a file of at most 512 MiB as a whole, with its own threads. A larger one is read in blocks, so that it
  does not have to fit in memory. Parquet is read in batches of rows.
- The reader of CSV files by DuckDB with `use_pyarrow` gives Arrow data too (its page on the filesystem source). Batches
  are large, because the default of 5,000 rows was made for dictionaries.
- Parquet is the format of the load files, in the emulator as in DuckDB: both load it without a conversion.
- The write disposition `replace` with `truncate-and-insert`, the default, loads straight into the table.
- Telemetry is off, nothing is restored from the destination, and each run has an empty folder of its own.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import dlt
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
from dlt.common.configuration.specs import AwsCredentials, GcpServiceAccountCredentials
from dlt.sources.filesystem import filesystem, read_csv_duckdb
from google.auth.credentials import AnonymousCredentials

STARTED = time.process_time()
BATCH_ROWS = 100_000
BLOCK_BYTES = 16 << 20
LARGEST_WHOLE = 512 << 20
"""Bytes of a file up to which PyArrow reads it as a whole."""


def anonymous(_: Any) -> Any:
    """The emulator asks for no credentials; its address is the variable BIGQUERY_EMULATOR_HOST of Google's client."""
    return AnonymousCredentials()


GcpServiceAccountCredentials.to_native_credentials = anonymous


@dlt.transformer(parallelized=True)  # type: ignore[untyped-decorator]  # dlt is not in the type checker's environment
def read_arrow(files: Any, format: str) -> Iterator[Any]:
    """Yield the tables or record batches of files, as PyArrow reads them."""
    for file in files:
        whole = file["size_in_bytes"] <= LARGEST_WHOLE
        with file.open() as content:
            if format == "csv":
                options = pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES)
                if whole:
                    yield pyarrow.csv.read_csv(content, read_options=options)
                else:
                    yield from pyarrow.csv.open_csv(content, read_options=options)
            elif format == "jsonl":
                options = pyarrow.json.ReadOptions(block_size=BLOCK_BYTES)
                if whole:
                    yield pyarrow.json.read_json(content, read_options=options)
                else:
                    yield from pyarrow.json.open_json(content, read_options=options)
            else:
                yield from pyarrow.parquet.ParquetFile(content).iter_batches(batch_size=BATCH_ROWS)


def destination(order: dict[str, Any]) -> Any:
    """Return where dlt loads: our emulator, or a file of DuckDB."""
    if order["destination"] == "duckdb":
        return dlt.destinations.duckdb(f"{order['folder']}/dlt.duckdb")
    credentials = GcpServiceAccountCredentials(
        project_id="local-dev", private_key="none", client_email="nobody@example.com"
    )
    return dlt.destinations.bigquery(credentials=credentials, project_id="local-dev")


def load(order: dict[str, Any]) -> int:
    """Load the files; return the rows of the table."""
    credentials = AwsCredentials(
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url=order["endpoint"],
        region_name="us-east-1",
    )
    files = filesystem(
        f"s3://{order['bucket']}",
        credentials=credentials,
        file_glob=order["glob"],
        files_per_page=1,  # dlt gives each page to a thread
    )
    if order["reader"] == "duckdb":
        rows = files | read_csv_duckdb.parallelize()(chunk_size=BATCH_ROWS, use_pyarrow=True)
    else:
        rows = files | read_arrow(format=order["format"])
    pipeline = dlt.pipeline(
        "bench", destination=destination(order), dataset_name=order["dataset"], pipelines_dir=f"{order['folder']}/dlt"
    )
    done = pipeline.run(rows.with_name(order["table"]), write_disposition="replace", loader_file_format="parquet")
    done.raise_on_failed_jobs()
    return int(pipeline.last_trace.last_normalize_info.row_counts[order["table"]])


if __name__ == "__main__":
    print(json.dumps({"rows": load(json.loads(sys.argv[1])), "start": STARTED}))
