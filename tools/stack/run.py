"""`make run`: materializes all assets on the running platform (`make up` or `make dev`) and shows the progress."""

from __future__ import annotations

import os

from tools import dagster_run
from tools.local import claims
from tools.stack.compose import StackError, read_env, urls


def address() -> str:
    """Return the webserver's address: DAGSTER_URL if set, else the running `make dev`'s, else the one in .env."""
    if os.environ.get("DAGSTER_URL"):
        return os.environ["DAGSTER_URL"]
    development = claims.development()
    if development:
        return development["DAGSTER_URL"]
    return urls(read_env())["webserver"]


def run() -> None:
    """Launch the job and show its progress until it ends. Raises StackError when the run does not succeed."""
    try:
        dagster_run.run(address())
    except dagster_run.DagsterRunError as error:
        raise StackError(str(error)) from error
