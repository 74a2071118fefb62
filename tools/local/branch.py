"""`make branch-dataset`: builds what changed in the dbt project into datasets of its own, and shows the differences.

`orchestrator.branch` does it, on the warehouse of the running platform.
"""

import os
import subprocess
import sys

from tools import endings
from tools.local import foreign
from tools.local.claims import DEVELOPMENT
from tools.local.platform import ROOT, Platform, warn
from tools.local.sql import running_platform
from tools.settings_table import PORTS
from tools.stack.compose import StackError


def main() -> int:
    """Run it with the options of make, which are the variables name, base and drop. Return the exit code."""
    name, base, drop = (os.environ.get(option, "") for option in ("name", "base", "drop"))
    if not name:
        warn("branch-dataset: name is missing. For example: make branch-dataset name=discounts")
        return 2
    line, variables = Platform(DEVELOPMENT, PORTS).command("orchestrator", "orchestrator.branch")
    try:
        variables = foreign.without(os.environ) | variables | running_platform()
    except StackError as error:
        warn(f"branch-dataset: {error}")
        return 1
    folders = ("DBT_PROJECT_DIR", "BQ_DATASET", "BIGQUERY_EMULATOR_HOST")
    variables |= {variable: os.environ[variable] for variable in folders if os.environ.get(variable)}
    line += ["--name", name, "--checkout", str(ROOT), "--dataset", variables["BQ_DATASET"]]
    line += [*(["--base", base] if base else []), *(["--drop"] if drop else [])]
    return subprocess.run(line, env=variables, cwd=ROOT, preexec_fn=endings.end_with_parent).returncode


if __name__ == "__main__":
    sys.exit(endings.ended("branch-dataset", main))
