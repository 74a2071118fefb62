"""The client of `make sql`."""

import io

import pytest

from tools import bigquery_table


def test_a_dead_warehouse_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bigquery_table.RETRY.timeout == bigquery_table.TIMEOUT_SECONDS <= 30
    monkeypatch.setattr(bigquery_table, "RETRY", bigquery_table.RETRY.with_timeout(0.1))
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr("sys.stdin", io.StringIO("select 1"))
    with pytest.raises(SystemExit, match=r"does not answer at http://127\.0\.0\.1:9"):
        bigquery_table.main()
