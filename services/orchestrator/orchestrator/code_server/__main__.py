"""`python -m orchestrator.code_server`: `dagster code-server start` and `dagster api grpc`, with forked run workers."""

import sys

from dagster._cli import main

from orchestrator.code_server import run_workers, starting

if __name__ == "__main__":
    if tuple(sys.argv[1:3]) == starting.SERVER:
        run_workers.use()
    starting.use()
    main()  # type: ignore[no-untyped-call]
