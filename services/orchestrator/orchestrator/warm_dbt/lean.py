"""Changes dbt-core 1.11 in this process: the same results with at least half a second less of CPU in a `dbt build`.

Another release is not changed until somebody has looked at these places.
"""

import importlib
import json
import multiprocessing
import sys
from importlib.metadata import version
from types import SimpleNamespace
from typing import IO, Any

RELEASE = "1.11."
ALSO_PRINTED = "NodeFinished"
"""The debug event that Dagster reads from dbt's output: it has what a node has cost (`orchestrator.costs`)."""

FLAGS = "dbt_common.behavior_flags"


def use_simple_locks() -> None:
    """Before dbt is imported: let its locks need no other process. dbt shares them with threads only.

    dbt asks for locks that new Python processes could open. multiprocessing starts a process that removes these.
    """
    if _is_known():
        context: Any = importlib.import_module("dbt.mp_context")
        context._MP_CONTEXT = multiprocessing.get_context("fork")


def name_sources_at_once() -> None:
    """Find the module that declares a flag of dbt's behavior from the frame of the call.

    `inspect.stack()` looks for the source text of each frame: half a second to a second of CPU in a process.
    """
    if _is_known():
        flags: Any = importlib.import_module(FLAGS)
        flags.BehaviorFlagRendered._default_source = staticmethod(_source)


def apply() -> None:
    """Change dbt for its next command, which has the environment of this process."""
    if not _is_known():
        return
    name_sources_at_once()
    functions: Any = importlib.import_module("dbt_common.events.functions")
    files: Any = importlib.import_module("dbt_common.clients.system")
    secrets = functions.env_secrets()  # dbt looks through all variables for each line of a log
    functions.env_secrets = lambda: secrets
    may_be_printed = functions.stdout_filter

    def is_printed(log_cache_events: bool, line_format: Any, message: Any) -> bool:
        # dbt.log has all of them.
        is_read = message.info.level != "debug" or message.info.name == ALSO_PRINTED
        return is_read and bool(may_be_printed(log_cache_events, line_format, message))

    functions.stdout_filter = is_printed
    # json.dump() encodes in Python, json.dumps() in C. The text is the same.
    files.json = SimpleNamespace(dump=_dump, load=json.load)


def _source() -> str:
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") == FLAGS:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "Unknown"))


def _dump(data: Any, file: IO[str], cls: type[json.JSONEncoder]) -> None:
    file.write(json.dumps(data, cls=cls))


def _is_known() -> bool:
    return version("dbt-core").startswith(RELEASE)
