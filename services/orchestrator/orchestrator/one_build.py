"""Keeps two runs of one machine from building the dbt models at the same time; on Docker, the pool `warehouse` does."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg


@contextmanager
def one_build(log: dg.DagsterLogManager) -> Iterator[None]:
    """Wait until no other process of this DAGSTER_HOME is in the block. A process that is killed leaves it too.

    Nothing is waited for if DAGSTER_HOME is not set or not writable, as in the containers of runs.
    """
    home = os.environ.get("DAGSTER_HOME")
    try:
        file = Path(home, "dbt-build.lock").open("w") if home else None  # noqa: SIM115 - closed below
    except OSError:
        file = None
    if file is None:
        yield
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("Another run builds the models. This one waits for its end.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
