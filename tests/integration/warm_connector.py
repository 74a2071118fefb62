"""The warm Python from which the fork servers of the S3 connector's environment are forked, see `commands.py`.

It has imported what a fork server imports. It has not changed it: the fork server makes the repairs itself.
"""

import shlex
from pathlib import Path

from airbyte_lite.connectors import process
from airbyte_lite.connectors.registry import load_registry
from tools.local.platform import ENVIRONMENTS, python

COLD = ENVIRONMENTS / "connectors"
CONNECTOR = load_registry(COLD)["source-s3"]
NAME = str(CONNECTOR.environment.relative_to(ENVIRONMENTS))
FLAGS = ("-I", "-X", "utf8")
PYTHON = [python(NAME), *FLAGS]
OPTIONS = {"command": CONNECTOR.command, "package": str(process.PACKAGE), "before": process.BEFORE, "changes": []}
IMPORT = f"import runpy; runpy.run_path({str(process.FORK_SERVER)!r})['load_connector']({OPTIONS!r})"


def variables(directory: Path) -> dict[str, str]:
    """Return the environment of the fork server, which libraries read when they are imported."""
    return process.variables(CONNECTOR, directory)


def stand_in(client: str) -> str:
    """Return a shell script that takes the place of the environment's Python. `client` is a client of the warm Python.

    Every other command than a fork server runs in a new Python.
    """
    start = shlex.quote(" ".join([*FLAGS, str(process.FORK_SERVER)]))
    return f'case "$*" in {start}*) shift {len(FLAGS)}; exec {client} "$@" ;; esac\nexec {PYTHON[0]} "$@"'
