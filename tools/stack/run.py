"""`make run`: materializes all assets on the running platform (`make up` or `make dev`) and shows the progress."""

from __future__ import annotations

import os
import time
from typing import NoReturn

from tools import dagster_run
from tools.local import claims
from tools.stack import running
from tools.stack.compose import StackError, read_env, say, urls

SECOND_CHANCE = 5.0  # seconds in which a second Ctrl-C ends the run


def address() -> str:
    """Return the webserver's address: DAGSTER_URL if set, else that of the running `make dev` or `make up`.

    Raises NotRunningError when no Dagster runs in this checkout, StackError for an invalid DAGSTER_URL.
    """
    running.check_shell("DAGSTER_URL")
    if os.environ.get("DAGSTER_URL"):
        return os.environ["DAGSTER_URL"]
    development = claims.development()
    if development:
        return development["DAGSTER_URL"]
    if "webserver" in running.compose_services():
        return urls(read_env())["webserver"]
    raise running.NotRunningError("Dagster", "DAGSTER_URL")


def run() -> None:
    """Launch the job and show its progress until it ends. Raises StackError when the run does not succeed."""
    try:
        dagster_run.run(address())
    except dagster_run.InterruptedRun as interrupted:
        leave(interrupted.url, interrupted.run_id)
    except dagster_run.DagsterRunError as error:
        raise StackError(str(error)) from error


def leave(url: str, run_id: str) -> NoReturn:
    """After Ctrl-C: say that the run goes on and how to end it. A second Ctrl-C ends the run.

    Raises KeyboardInterrupt at the end, StackError when Dagster cannot end the run.
    """
    page = f"{url}/runs/{run_id}"
    say(
        f"\n  the run goes on: {page}\n  To end the run too, press Ctrl-C again within {SECOND_CHANCE:.0f} s; "
        "later, use Terminate on that page."
    )
    try:
        time.sleep(SECOND_CHANCE)
    except KeyboardInterrupt:
        say("\n  ending the run")
        try:
            say(f"  the run has ended: {dagster_run.terminate(url, run_id)}")
        except (dagster_run.DagsterRunError, OSError) as error:
            raise StackError(f"{error}\nEnd it with Terminate on its page: {page}") from error
    raise KeyboardInterrupt
