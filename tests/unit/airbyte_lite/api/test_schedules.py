"""The schedule of a connection."""

from typing import Any

import pytest

from airbyte_lite.api.services import Services
from airbyte_lite.state.records import Connection

from .airbyte_answers import CONFIGURATION, PUBLIC


def test_schedules(api: Any, services: Services, connection: Connection) -> None:
    def patch(**changes: Any) -> Any:
        return api.request("PATCH", f"{PUBLIC}/connections/c1", json=changes).json()

    daily = {"scheduleType": "cron", "cronExpression": "0 0 12 * * ? UTC"}
    assert services.store.scheduled_connections() == []
    assert patch(schedule=daily)["schedule"] == daily
    assert patch(name="other", schedule=None)["schedule"] == daily
    read = api.post(f"{CONFIGURATION}/connections/get", json={"connectionId": "c1"}).json()
    assert read["scheduleType"] == "cron"
    assert read["scheduleData"] == {"cron": {"cronExpression": "0 0 12 * * ?", "cronTimeZone": "UTC"}}
    assert [found.cron for found in services.store.scheduled_connections()] == ["0 0 12 * * ?"]
    assert patch(status="inactive")["schedule"] == daily
    assert services.store.scheduled_connections() == []
    assert patch(status="active", schedule={"scheduleType": "manual"})["schedule"] == {"scheduleType": "manual"}
    assert services.store.scheduled_connections() == []
    read = api.post(f"{CONFIGURATION}/connections/get", json={"connectionId": "c1"}).json()
    assert (read["scheduleType"], "scheduleData" in read) == ("manual", False)


@pytest.mark.parametrize(("expression", "reason"), [("0 12 * * *", "5 fields"), ("0 0 12 * * ? CET", "must be UTC")])
def test_wrong_cron_expressions(
    api: Any, services: Services, connection: Connection, expression: str, reason: str
) -> None:
    schedule = {"scheduleType": "cron", "cronExpression": expression}
    answer = api.request("PATCH", f"{PUBLIC}/connections/c1", json={"name": "other", "schedule": schedule})
    assert (answer.status_code, answer.json()["title"]) == (422, "unprocessable-entity")
    assert answer.json()["message"].startswith("Invalid schedule.cronExpression: ")
    assert reason in answer.json()["message"]
    assert services.store.connection("c1") == connection
