"""The direct look-ups of one table find what DuckDB's list of all tables and columns holds."""

import json
import subprocess
from pathlib import Path

from tools.local.platform import python

PROGRAM = Path(__file__).parent / "semantics" / "lookups.py"


def test_direct_look_ups_are_exact_and_do_not_read_every_table() -> None:
    result = subprocess.run([str(python("warehouse")), str(PROGRAM)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    before, after, asked = json.loads(result.stdout)
    assert after == before
    assert before["object d.t"] == [["t", "TABLE", 0]]
    assert before["object d.T"] == [], "BigQuery's names of tables are case-sensitive"
    assert before["object d.broken"] == [["broken", "VIEW", 0]]
    assert before["hidden hidden"] is True
    assert asked
    assert not [sql for sql in asked if "duckdb_tables" in sql or "duckdb_columns" in sql]
