"""The groups of integration tests that share a Python which takes seconds to start: tests/conftest.py."""

import re

from tests.conftest import GROUPS, INTEGRATION

FORKED = re.compile(r"""run\(\s*"orchestrator"|settings\.dagster\(\)|import.* Dbt\b""")


def test_every_file_that_runs_dagster_or_dbt_is_in_a_group() -> None:
    grouped = {file for files in GROUPS.values() for file in files}
    found = {file.stem for file in INTEGRATION.rglob("test_*.py") if FORKED.search(file.read_text())}
    assert found == grouped
