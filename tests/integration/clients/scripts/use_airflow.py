"""Airflow's provider: the hook, the operator (waiting and deferrable) and the sensor, called as a worker calls them."""

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

from facts import WORLD, error_of, fact, print_facts


def connection(**changes: str) -> str:
    """Return an Airflow connection in the form of an environment variable."""
    where = {"conn_type": "airbyte", "host": f"{WORLD['url']}/api/public/v1"}
    return json.dumps(where | {"login": WORLD["client_id"], "password": WORLD["client_secret"]} | changes)


# Airflow reads the connections when it is imported.
os.environ["AIRFLOW_CONN_AIRBYTE_DEFAULT"] = connection()
os.environ["AIRFLOW_CONN_WRONG"] = connection(password="wrong")

from airflow.providers.airbyte.hooks.airbyte import AirbyteHook  # noqa: E402
from airflow.providers.airbyte.operators.airbyte import AirbyteTriggerSyncOperator  # noqa: E402
from airflow.providers.airbyte.sensors.airbyte import AirbyteJobSensor  # noqa: E402
from airflow.sdk.exceptions import TaskDeferred  # noqa: E402


def operator(name: str, connection_id: str, **options: Any) -> Any:
    return AirbyteTriggerSyncOperator(task_id=name, connection_id=connection_id, wait_seconds=0.2, **options)


async def first_event(trigger: Any) -> Any:
    trigger.poll_interval = 0.2
    return await anext(aiter(trigger.run()))


def deferred(task: Any) -> Any:
    """Run a deferrable task as the scheduler and the triggerer do; return the trigger's event."""
    try:
        task.execute({})
    except TaskDeferred as deferral:
        event = asyncio.run(first_event(deferral.trigger)).payload
        getattr(task, deferral.method_name)({}, event)
        return event["status"]
    return "not deferred"


def timed_out(hook: Any, job: int) -> Callable[[], object]:
    return lambda: hook.wait_for_job(job, wait_seconds=0.2, timeout=1)


hook = AirbyteHook()
fact("check", hook.test_connection()[0])
# The hook's own test reads the health of the server, which needs no credentials.
fact("wrong credentials", error_of(lambda: AirbyteHook("wrong").submit_sync_connection(WORLD["people"])))

waiting = operator("waiting", WORLD["people"])
fact("sync", hook.get_job_status(waiting.execute({})))
fact("records", hook.get_job_details(waiting.job_id).rows_synced)
fact("deferred sync", deferred(operator("deferred", WORLD["people"], deferrable=True)))

asynchronous = operator("asynchronous", WORLD["people"], asynchronous=True).execute({})
sensor = AirbyteJobSensor(task_id="sensor", airbyte_job_id=asynchronous, poke_interval=0.2)
sensor.execute({})
fact("sensor", hook.get_job_status(asynchronous))
fact("deferred sensor", deferred(AirbyteJobSensor(task_id="late", airbyte_job_id=asynchronous, deferrable=True)))

failing = operator("failing", WORLD["broken"])
fact("failed sync", error_of(lambda: failing.execute({})))
fact("deferred failed sync", error_of(lambda: deferred(operator("fails", WORLD["broken"], deferrable=True))))
fact("sensor of a failed sync", error_of(lambda: AirbyteJobSensor(task_id="s", airbyte_job_id=failing.job_id).poke({})))

endless = operator("endless", WORLD["endless"], asynchronous=True)
fact("second sync", (endless.execute({}), error_of(lambda: operator("second", WORLD["endless"]).execute({})))[1])
fact("running", hook.get_job_status(endless.job_id))
endless.on_kill()
fact("killed", hook.get_job_status(endless.job_id))
slow = hook.submit_sync_connection(WORLD["endless"]).job_id
fact("timed out", error_of(timed_out(hook, slow)))
fact("cancelled at its time-out", hook.get_job_status(slow))
print_facts()
