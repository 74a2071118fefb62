"""The runs that have ended since the last look: which assets they have built, and what has gone wrong."""

from collections.abc import Iterator

import dagster as dg
from dagster._core.event_api import RunStatusChangeEventType, RunStatusChangeRecordsFilter
from dagster._core.storage.tags import WILL_RETRY_TAG

from orchestrator.alerts.incidents import Book, Observation

BATCH = 50
"""The number of ended runs of one kind that one look reads."""
OVERLAP = 100
"""Events are numbered before they are stored. So that none is missed, the last numbers are read again."""
REASON = 700
"""The most characters of one reason."""
KINDS: tuple[RunStatusChangeEventType, ...] = (dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_SUCCESS)
OF_STEPS = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
}
CHECK_FAILED = "DagsterAssetCheckFailedError"


def ended(instance: dg.DagsterInstance, book: Book) -> tuple[Book, list[str]]:
    """Return the book after the next ended runs, and the ids of these runs in the order of their ends.

    The first look, or a look at another database, starts at the end of the events: old failures are not reported.
    """
    newest = max(
        (record.storage_id for kind in KINDS for record in instance.fetch_run_status_changes(kind, limit=1).records),
        default=0,
    )
    if book.cursor is None or newest < book.cursor:
        return book.model_copy(update={"cursor": newest, "recent": []}), []
    found: dict[int, str] = {}
    limit = newest
    for kind in KINDS:
        after = RunStatusChangeRecordsFilter(kind, after_storage_id=max(0, book.cursor - OVERLAP))
        records = instance.fetch_run_status_changes(after, limit=BATCH + OVERLAP, ascending=True).records
        found |= {record.storage_id: record.run_id for record in records}
        if len(records) == BATCH + OVERLAP:
            limit = min(limit, records[-1].storage_id)
    new = sorted(number for number in found if number <= limit and number not in book.recent)
    recent = sorted(number for number in {*book.recent, *new} if number > limit - OVERLAP)
    # Events from before the first look are in the overlap too.
    told = [number for number in new if number > book.cursor or book.recent]
    return book.model_copy(update={"cursor": limit, "recent": recent}), [found[number] for number in told]


def observe(instance: dg.DagsterInstance, run_id: str, link: str) -> Observation | None:
    """Return the observation of an ended run; None if the run was deleted.

    If Dagster repeats the run, the repetition reports the assets that are still missing.
    """
    run = instance.get_run_by_id(run_id)
    if run is None:
        return None
    planned, built = dict[str, str | None](), set[str]()
    failed_steps = set[str | None]()
    wrong, right, reasons, reasons_of_checks = list[str](), list[str](), list[str](), list[str]()
    for entry in instance.all_logs(run_id, of_type=OF_STEPS):
        event = entry.dagster_event
        if event is None:
            continue
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            asset = check.asset_key.to_user_string()
            name = f"check {asset} {check.check_name}"
            if check.passed or check.severity is dg.AssetCheckSeverity.WARN:
                right.append(name)
            else:
                wrong.append(name)
                reasons.append(f"The check {check.check_name} of {asset} failed: {short(check.description)}")
                reasons_of_checks.append(reasons[-1])
        elif event.event_type is dg.DagsterEventType.STEP_FAILURE:
            if found := list(_reason(event)):
                reasons += found
                failed_steps.add(event.step_key)
        elif event.asset_key and event.is_asset_materialization_planned:
            planned[event.asset_key.to_user_string()] = event.step_key
        elif event.asset_key:
            built.add(event.asset_key.to_user_string())
    subject = f"the run of {run.job_name}"
    right += [f"asset {name}" for name in sorted(built)]
    if run.tags.get(WILL_RETRY_TAG) == "true":
        return Observation(
            subject=subject, link=link, wrong=wrong, right=right, causes=wrong, text="\n".join(reasons_of_checks)
        )
    if run.status is dg.DagsterRunStatus.SUCCESS:
        return Observation(
            subject=subject,
            link=link,
            wrong=wrong,
            right=[*right, f"job {run.job_name}"],
            causes=wrong,
            text="\n".join(reasons),
        )
    missing = sorted(planned.keys() - built)
    causes = [*wrong, *(f"asset {name}" for name in missing if planned[name] in failed_steps)]
    wrong += [f"asset {name}" for name in missing]
    if missing:
        reasons.append(f"Not built: {', '.join(missing)}.")
    if not reasons:
        reasons = _of_the_run(instance, run_id)
    wrong = wrong or [f"job {run.job_name}"]
    return Observation(subject=subject, link=link, wrong=wrong, right=right, causes=causes, text="\n".join(reasons))


def _reason(event: dg.DagsterEvent) -> Iterator[str]:
    """Yield why a step failed, unless a check of the step failed: the check has reported the reason."""
    error = event.step_failure_data.error
    while error and error.cause:
        error = error.cause
    if error and error.cls_name != CHECK_FAILED:
        yield f"The step {event.step_key} failed: {short(error.message)}"


def _of_the_run(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    return [short(entry.dagster_event.message) for entry in entries if entry.dagster_event]


def short(text: str | None) -> str:
    found = (text or "no reason given").strip()
    return found if len(found) <= REASON else f"{found[:REASON]}…"
