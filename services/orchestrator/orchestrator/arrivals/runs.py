"""What Dagster knows of runs: which assets are being written, and how a requested run ended."""

import time
from collections.abc import Iterator
from functools import cached_property

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.tags import RUN_KEY_TAG, WILL_RETRY_TAG

from orchestrator.arrivals import known
from orchestrator.arrivals.cursor import Outcome
from orchestrator.arrivals.watched import Watched

SILENT_SECONDS = 3600
"""A run without an event for so long counts as dead: without Docker, nothing ends the run of a killed process."""


class Dagster:
    """The instance and the definitions, as one look of the sensor sees them: a World of `cursor.py`."""

    def __init__(self, instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> None:
        """Read nothing yet."""
        self._instance, self._repository = instance, repository

    def known(self, stream: Watched) -> set[bytes] | None:
        """See World."""
        return known.known(self._instance, stream)

    def remember(self, stream: Watched, objects: set[bytes]) -> None:
        """See World."""
        known.remember(self._instance, stream, objects)

    def is_busy(self, stream: Watched) -> bool:
        """See World."""
        return bool(self.downstream(stream) & self._written)

    def downstream(self, stream: Watched) -> set[dg.AssetKey]:
        """Return the landing table and every asset that depends on it."""
        selection = dg.AssetSelection.assets(stream.table).downstream().materializable()
        return set(selection.resolve(self._repository.asset_graph))

    def outcome(self, run_key: str) -> Outcome:
        """See World."""
        runs = self._instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: run_key}))
        if not runs:
            return Outcome.ENDED
        group = self._instance.get_run_group(runs[0].run_id)
        # Dagster itself repeats a run whose process was killed.
        run = max(group[1], key=lambda each: self._created(each.run_id)) if group else runs[0]
        if run.status in NOT_FINISHED_STATUSES:
            return Outcome.RUNNING if self._is_alive(run) else Outcome.FAILED
        if run.status is dg.DagsterRunStatus.SUCCESS:
            return Outcome.SUCCEEDED
        if run.status is dg.DagsterRunStatus.CANCELED:
            return Outcome.ENDED
        if run.tags.get(WILL_RETRY_TAG) == "true":
            return Outcome.RUNNING
        return Outcome.WRONG_DATA if self._has_failed_check(run.run_id) else Outcome.FAILED

    def _has_failed_check(self, run_id: str) -> bool:
        """Return whether a check with the severity ERROR failed in the run."""
        kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
        events = (entry.dagster_event for entry in self._instance.all_logs(run_id, of_type=kind))
        data = (event.asset_check_evaluation_data for event in events if event)
        return any(not item.passed and item.severity is dg.AssetCheckSeverity.ERROR for item in data)

    @cached_property
    def _written(self) -> set[dg.AssetKey]:
        runs = self._instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
        return {key for run in runs if self._is_alive(run) for key in self._assets(run)}

    def _assets(self, run: dg.DagsterRun) -> Iterator[dg.AssetKey]:
        if run.asset_selection is not None:
            yield from run.asset_selection
        elif self._repository.has_job(run.job_name):
            yield from self._repository.get_job(run.job_name).asset_layer.executable_asset_keys

    def _is_alive(self, run: dg.DagsterRun) -> bool:
        if time.time() - self._created(run.run_id) < SILENT_SECONDS:
            return True
        [*records] = self._instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
        return bool(records) and time.time() - records[0].event_log_entry.timestamp < SILENT_SECONDS

    def _created(self, run_id: str) -> float:
        record = self._instance.get_run_record_by_id(run_id)
        return record.create_timestamp.timestamp() if record else 0.0
