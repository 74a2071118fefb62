"""A warehouse that does not answer is told in bounded time."""

import dagster as dg
import pytest

from orchestrator import warehouse


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")  # Dagster's
def test_a_warehouse_that_is_away_is_a_failure_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE", "emulator")
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr(warehouse, "UNAVAILABLE_SECONDS", 0.05)
    with pytest.raises(dg.Failure, match=r"did not answer for 0\.05 s .*p\.d\.orders"):
        warehouse.Warehouse().count_rows("p.d.orders")
