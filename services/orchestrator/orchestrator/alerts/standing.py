"""Faults that do not depend on a run: late assets, and sensors and schedules that fail."""

from collections.abc import Iterable

import dagster as dg
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick, TickStatus

from orchestrator.alerts.ended_runs import short
from orchestrator.alerts.incidents import Book, Observation
from orchestrator.alerts.outbox import Outbox

FAILING_SECONDS = 60
"""A sensor that fails for less time is not reported: a service may be restarting. A schedule is reported at once."""
TICKS = 3


def late(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> list[Observation]:
    """Return an observation for each asset with a freshness policy.

    If an asset is late because one that it depends on is late, only the first one is told.
    """
    graph = repository.asset_graph
    keys = sorted(key for key in graph.get_all_asset_keys() if graph.get(key).freshness_policy_or_from_metadata)
    if not keys:
        return []
    records = instance.get_freshness_state_records(keys)
    states = {key: records[key].freshness_state for key in keys if key in records}
    failed = {key for key, state in states.items() if state is FreshnessState.FAIL}
    found = []
    for key in keys:
        name = key.to_user_string()
        if states.get(key) is FreshnessState.PASS:
            found.append(Observation(subject=f"{name} is late", right=[f"freshness {name}"]))
        elif key in failed and not graph.get_ancestor_asset_keys(key) & failed:
            text = "It was not loaded or built in the time that its freshness policy allows."
            found.append(Observation(subject=f"{name} is late", wrong=[f"freshness {name}"], text=text))
    return found


def failing(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> list[Observation]:
    """Return an observation for each running sensor and schedule of these definitions."""
    names = {*(each.name for each in repository.sensor_defs), *(each.name for each in repository.schedule_defs)}
    found = []
    for state in instance.all_instigator_state():
        if state.instigator_name not in names or not state.is_running:
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=TICKS)
        ended = next((tick for tick in ticks if tick.status is not TickStatus.STARTED), None)
        if ended is None:
            continue
        kind = state.instigator_type.value.lower()
        subject = f"the {kind} {state.instigator_name} fails"
        symptom = f"{kind} {state.instigator_name}"
        if ended.status is not TickStatus.FAILURE:
            found.append(Observation(subject=subject, right=[symptom]))
        elif _lasts(state, ended):
            reason = short(ended.error.message if ended.error else None)
            found.append(Observation(subject=subject, wrong=[symptom], text=reason))
    return found


def services(outbox: Outbox, targets: Iterable[str], book: Book) -> list[Observation]:
    """Return an observation for each service that alerts are sent to, and for those that are no longer declared."""
    failing = outbox.failing()
    observations = [
        Observation(
            subject="a service of ALERT_URLS takes no alerts", wrong=[f"service {target}"], text=failing[target]
        )
        for target in targets
        if target in failing
    ]
    wrong = {name for each in observations for name in each.wrong}
    names = (name for incident in book.incidents.values() for name in incident.open)
    right = [name for name in names if name.startswith("service ") and name not in wrong]
    return [*observations, Observation(subject="the services of ALERT_URLS", right=right)]


def _lasts(state: InstigatorState, tick: InstigatorTick) -> bool:
    if state.instigator_type.value != "SENSOR":
        return True
    data = state.sensor_instigator_data
    interval = max(data.min_interval or 0, 5) if data else 30
    return tick.consecutive_failure_count > 1 and tick.consecutive_failure_count * interval >= FAILING_SECONDS


def undeclared(book: Book, repository: dg.RepositoryDefinition) -> Observation:
    """Return the open symptoms of assets, sensors and schedules that no longer exist: they cannot recover."""
    graph = repository.asset_graph
    assets = {key.to_user_string() for key in graph.get_all_asset_keys()}
    checks = {f"{key.asset_key.to_user_string()} {key.name}" for key in graph.asset_check_keys}
    sensors = {each.name for each in repository.sensor_defs}
    schedules = {each.name for each in repository.schedule_defs}
    declared = {"asset": assets, "freshness": assets, "check": checks, "sensor": sensors, "schedule": schedules}
    names = (name for incident in book.incidents.values() for name in incident.open)
    gone = [name for name in names if (kind := name.partition(" "))[0] in declared and kind[2] not in declared[kind[0]]]
    return Observation(subject="what was removed from the definitions", right=gone)
