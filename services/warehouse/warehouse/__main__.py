"""Starts the BigQuery emulator: `python -m warehouse --port 9050 --project local-dev --data-dir .local/warehouse`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from platform_kit.settings_table import PORTS, TABLE


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C. Return 0, or 1 when the data directory or the port is already in use."""
    parser = argparse.ArgumentParser("warehouse", description="A BigQuery emulator for one machine.")
    parser.add_argument("--host", default="127.0.0.1", help="use a private address: there is no authentication")
    parser.add_argument("--port", type=int, default=PORTS["warehouse"])
    parser.add_argument("--storage-port", type=int, default=PORTS["warehouse-storage"], help="of the Storage Read API")
    parser.add_argument("--project", default=TABLE["BQ_PROJECT"].default, help="the project that exists from the start")
    parser.add_argument("--data-dir", type=Path, default=Path(".local/warehouse"))
    options = parser.parse_args(arguments)

    from warehouse import server  # imported late, because it takes most of a second, which --help need not wait for

    return server.serve(options.host, options.port, options.storage_port, options.project, options.data_dir)


if __name__ == "__main__":
    sys.exit(main())
