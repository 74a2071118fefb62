"""Loads files from S3 with PyAirbyte and Airbyte's S3 connector into a DuckDB cache, PyAirbyte's default destination.

Usage: python pyairbyte_load.py '{"config": …, "connector": …, "stream": …, "folder": …}'
The last line that it prints is JSON: the rows, and the processor seconds that the start of the program took.

What makes PyAirbyte fast here, from its documentation:
- The connector is installed already (`local_executable`), so that no run installs one.
- A new cache and `force_full_refresh` with the write strategy `replace`: no merge with rows that are there.
- Offline mode: no connector registry and no telemetry are asked.
"""

import json
import sys
import time
from typing import Any

import airbyte as ab
from airbyte.caches import DuckDBCache

STARTED = time.process_time()


def load(order: dict[str, Any]) -> int:
    """Load the stream; return the rows of the table."""
    source = ab.get_source(
        "source-s3", config=order["config"], streams=[order["stream"]], local_executable=order["connector"]
    )
    cache = DuckDBCache(db_path=f"{order['folder']}/pyairbyte.duckdb", schema_name="bench")
    result = source.read(cache=cache, write_strategy="replace", force_full_refresh=True)
    return int(result.processed_records)


if __name__ == "__main__":
    print(json.dumps({"rows": load(json.loads(sys.argv[1])), "start": STARTED}))
