"""Lets dbt do the work of its first command ahead of time: a second of CPU for its classes and macros.

dbt keeps a schema and conversions of each class, and a template for each text of a macro: they are the same for each
project and environment.
"""

import functools
import importlib
import os
import tempfile
from pathlib import Path
from typing import Any

from orchestrator.hidden import hidden
from orchestrator.warm_dbt import lean
from orchestrator.warm_dbt.server import UNUSED

EXAMPLE = {
    "dbt_project.yml": "{name: example, profile: example, flags: {send_anonymous_usage_stats: false}}",
    "profiles.yml": "example: {target: t, outputs: {t: {type: bigquery, method: oauth-secrets, token: none, "
    "project: p, dataset: d, threads: 1}}}",
    "models/first.sql": "select * from {{ source('s', 't') }}",
    "models/second.sql": "select * from {{ ref('first') }}",
    "models/all.yml": "{sources: [{name: s, tables: [{name: t, columns: [{name: n, data_tests: [unique]}]}]}], "
    "models: [{name: second, columns: [{name: n, data_tests: [not_null]}]}]}",
}
COMMANDS = (["parse", "--no-static-parser"], ["compile", "--no-populate-cache"])
"""They ask the warehouse nothing. The second one reads what the first one has written. dbt's static parser is a program
in Rust with threads of its own, which a fork would not have."""


@functools.cache
def warm() -> None:
    """Once in a process, run dbt on a project of its own, in a folder that is removed. Raises RuntimeError if it fails.

    dbt can run several commands in one process, one after the other ("Programmatic invocations" in its documentation).
    """
    for name in [name for name in os.environ if name.startswith("DBT_")]:
        del os.environ[name]  # it is about another project
    with hidden(*UNUSED), tempfile.TemporaryDirectory(prefix="dbt-example-") as folder:
        for name, content in EXAMPLE.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        places = ["--project-dir", folder, "--profiles-dir", folder, "--target-path", f"{folder}/target"]
        quiet = ["--log-level", "none", "--log-level-file", "none"]
        lean.name_sources_at_once()
        parsed, _ = [_run([*command, *places, *quiet]) for command in COMMANDS]
    templates = importlib.import_module("dbt_common.clients.jinja").template_cache
    for macro in parsed.macros.values():  # dbt's own
        templates.get_node_template(macro)
    importlib.import_module("dbt_common.events.functions").reset_metadata_vars()  # they are of the environment


def _run(arguments: list[str]) -> Any:
    found = importlib.import_module("dbt.cli.main").dbtRunner().invoke(arguments)
    if not found.success:
        raise RuntimeError(f"dbt {arguments[0]} has failed on an example: {found.exception}")
    return found.result
