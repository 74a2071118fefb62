"""Dagster's code server under `make dev`: its runs are forks of a process that has imported what a run needs.

Dagster starts a new Python for each run, which imports for a second and a half.
"""

import time

STARTED = time.time_ns()
"""A time before this process has imported Dagster or anything else of the orchestrator."""
