import threading
from types import SimpleNamespace
from typing import Any

import pytest

from airbyte_lite.loader.jobs import Jobs
from airbyte_lite.loader.warehouse import Warehouse


@pytest.mark.parametrize(
    ("limit", "priority", "sent"),
    [
        (None, None, {}),
        (None, "interactive", {}),
        (None, "batch", {"priority": "BATCH"}),
        (10_000_000_000, None, {"maximumBytesBilled": "10000000000"}),
    ],
)
def test_query_sends_its_limit_and_its_priority_only_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, limit: int | None, priority: str | None, sent: dict[str, str]
) -> None:
    configuration = {"project_id": "p", "dataset_id": "d", "transformation_priority": priority}
    warehouse = Warehouse(configuration, "http://127.0.0.1:9")
    configurations: list[dict[str, Any]] = []

    def query(_sql: str, *, job_config: Any, **_: object) -> SimpleNamespace:
        configurations.append(job_config.to_api_repr()["query"])
        return SimpleNamespace(done=lambda **_: True, error_result=None)

    monkeypatch.setattr(warehouse.client, "query", query)
    Jobs(warehouse, "test", threading.Event(), limit).query("select 1", "t", "step")
    assert configurations == [sent]
