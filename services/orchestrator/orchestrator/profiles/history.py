"""The figures of earlier runs, from the observations in Dagster, and what was accepted as fine.

Each profile is an observation of its asset. Reading a hundred of them takes long, so their judged figures are kept in
Dagster's own key-value store, up to the last observation that was read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import BaseModel

from orchestrator.profiles.figures import PROFILE
from orchestrator.profiles.usual import Past, judged_figures

ACCEPTED = "profile_accepted"
"""The metadata of an observation that says: figures like these are fine."""
MOST_RUNS, MOST_ACCEPTED = 100, 20
VERSION = 1


class _Run(BaseModel):
    run_id: str
    at: float
    figures: dict[str, float]
    has_ended: bool = False
    """Whether its run succeeded; the outcome of a run in progress is not known yet."""


class _Kept(BaseModel):
    version: int = VERSION
    last_id: int = 0
    runs: list[_Run] = []
    accepted: list[dict[str, float]] = []


class History:
    """The history of one asset's figures."""

    def __init__(self, instance: dg.DagsterInstance, asset_key: dg.AssetKey) -> None:
        """Read what is kept and the observations since then."""
        self._instance, self._asset_key = instance, asset_key
        self._key = "profiles/" + "/".join(asset_key.path)
        self._kept = self._read()
        self._add_new()

    def _read(self) -> _Kept:
        stored = self._instance.daemon_cursor_storage.get_cursor_values({self._key}).get(self._key)
        try:
            kept = _Kept.model_validate_json(stored) if stored else _Kept()
        except ValueError:  # of another version: it is made again from the observations
            return _Kept()
        return kept if kept.version == VERSION else _Kept()

    def _add_new(self) -> None:
        after = dg.AssetRecordsFilter(asset_key=self._asset_key, after_storage_id=self._kept.last_id)
        records = self._instance.fetch_observations(after, limit=MOST_RUNS).records
        for record in reversed(records):
            self._kept.last_id = max(self._kept.last_id, record.storage_id)
            observation = record.event_log_entry.asset_observation
            metadata = observation.metadata if observation else {}
            if isinstance(profile := _value(metadata, PROFILE), dict):
                run = _Run(run_id=record.run_id, at=record.timestamp, figures=judged_figures(profile))
                self._kept.runs = [*(run for run in self._kept.runs if run.run_id != record.run_id), run]
            if isinstance(figures := _value(metadata, ACCEPTED), dict):
                self._kept.accepted = [*self._kept.accepted, figures][-MOST_ACCEPTED:]

    def past(self, but: str) -> list[Past]:
        """Return the runs that ended well, in the order of time, without the run `but`; keep what was found out."""
        kept = []
        for run in self._kept.runs:
            if not run.has_ended and run.run_id != but:
                status = getattr(self._instance.get_run_by_id(run.run_id), "status", None)
                if status in (None, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED):
                    continue  # such figures may be of a table that was built from wrong data
                run.has_ended = status is dg.DagsterRunStatus.SUCCESS
            kept.append(run)
        self._kept.runs = thinned(kept)
        self._instance.daemon_cursor_storage.set_cursor_values({self._key: self._kept.model_dump_json()})
        return [
            Past(datetime.fromtimestamp(run.at, UTC), run.figures)
            for run in self._kept.runs
            if run.has_ended and run.run_id != but
        ]

    @property
    def accepted(self) -> list[dict[str, float]]:
        """The figures of the runs that somebody has accepted."""
        return self._kept.accepted


def thinned(runs: Sequence[_Run]) -> list[_Run]:
    """Return at most MOST_RUNS runs: of each earlier day its last one, as far as that is enough; then the newest."""
    found = list(runs)
    while len(found) > MOST_RUNS:
        days = [int(run.at // 86400) for run in found]
        doubled = next((at for at in range(len(found) - 1) if days[at] == days[at + 1]), 0)
        del found[doubled]
    return found


def _value(metadata: Any, name: str) -> Any:
    found = metadata.get(name)
    return found.value if found is not None else None


def accepted_metadata(figures: dict[str, float]) -> dict[str, Any]:
    """Return the metadata of the observation that accepts figures."""
    return {ACCEPTED: dg.MetadataValue.json(figures)}
