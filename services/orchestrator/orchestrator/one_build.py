"""Keeps two runs of one machine from building the dbt models at the same time; on Docker, the pool `warehouse` does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from platform_kit.locks import exclusive


@contextmanager
def one_build(log: dg.DagsterLogManager) -> Iterator[None]:
    """Wait until no other process of this DAGSTER_HOME is in the block. A process that is killed leaves it too.

    Nothing is waited for if DAGSTER_HOME is not set or not writable, as in the containers of runs.
    """
    home = os.environ.get("DAGSTER_HOME")
    if not home or not os.access(home, os.W_OK):
        yield
        return
    with exclusive(
        Path(home, "dbt-build.lock"),
        on_wait=lambda: log.info("Another run builds the models. This one waits for its end."),
    ):
        yield
