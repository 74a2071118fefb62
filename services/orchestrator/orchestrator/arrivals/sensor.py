"""The sensor `changed_files`: looks at the bucket and requests one run for the tables whose objects have changed."""

import hashlib
import time
from collections.abc import Sequence
from functools import cache

import dagster as dg

from orchestrator.arrivals.cursor import LONGEST_WAIT, Cursor, Need, State, World, decide, requested
from orchestrator.arrivals.listing import Look, look
from orchestrator.arrivals.runs import Dagster
from orchestrator.arrivals.watched import Watched
from orchestrator.reading.objects import Files
from orchestrator.settings import Settings

NAME = "changed_files"
OBJECTS_PER_SECOND = 200
"""The objects that the sensor lists in a second on average: after a look at 5,000 objects it rests for 25 s."""


@cache
def _files(bucket: str) -> Files:
    # One client for all looks: creating a client takes as long as ten looks.
    from platform_kit import s3

    return Files(s3.client(), bucket)


def changed_files(streams: Sequence[Watched], settings: Settings) -> dg.SensorDefinition:
    """Return the sensor for these streams; it runs parts of the job of the same name."""

    @dg.sensor(
        name=NAME,
        job_name=NAME,
        # The daemon has a loop of 5 s: an interval of just 5 s would leave out every other loop.
        minimum_interval_seconds=max(1, settings.file_sensor_seconds - 1),
        default_status=dg.DefaultSensorStatus.RUNNING if settings.file_sensor else dg.DefaultSensorStatus.STOPPED,
        description=f"Looks at the bucket `{settings.bucket}` every {settings.file_sensor_seconds} seconds. "
        "New or changed files start one run of their landing tables and of all assets that depend on them.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = time.time()
        cursor = Cursor.read(context.cursor)
        if cursor is None and context.cursor:
            context.log.warning("The sensor's cursor was not readable. The next look compares with what was loaded.")
        cursor = cursor or Cursor()
        if now < cursor.rest_until <= now + 3600:  # not a time in the far future, by a clock that was wrong
            return dg.SensorResult(skip_reason="The last look listed many objects.", cursor=context.cursor)
        found = look(_files(settings.bucket), streams)
        repository = context.repository_def
        if repository is None:
            raise dg.DagsterInvariantViolationError("The sensor is evaluated outside its code location")
        dagster = Dagster(context.instance, repository)
        cursor, ready, reason = evaluate(cursor, streams, found, now, settings.file_settle_seconds, dagster)
        if not ready:
            return dg.SensorResult(skip_reason=reason, cursor=cursor.text())
        assets = set[dg.AssetKey]().union(*(dagster.downstream(stream) for stream in ready))
        run_key = cursor.streams[ready[0].name].asked.run_key  # type: ignore[union-attr]  # evaluate has set it
        tables = ", ".join(stream.name for stream in ready)
        tags = {"changed_files": tables if len(tables) <= 200 else f"{len(ready)} tables"}
        request = dg.RunRequest(run_key=run_key, asset_selection=sorted(assets), tags=tags)
        return dg.SensorResult(run_requests=[request], cursor=cursor.text())

    return sensor


def evaluate(
    cursor: Cursor, streams: Sequence[Watched], found: Look, now: float, settle: float, world: World
) -> tuple[Cursor, list[Watched], str]:
    """Return the cursor after a look, the streams to run, and why there is no run.

    While files of one stream are arriving, the others wait too: files that arrive together become one run.
    """
    states: dict[str, State] = {}
    needs: dict[Need, list[Watched]] = {need: [] for need in Need}
    for stream in streams:
        before = cursor.streams.get(stream.name, State())
        state, need = decide(before, stream, found.streams[stream.name], now, settle, world)
        states[stream.name] = state
        needs[need].append(stream)
    ready = needs[Need.RUN]
    if needs[Need.WAIT] and not any(_since(states[stream.name], now) <= now - LONGEST_WAIT for stream in ready):
        ready = []
    if ready:
        key = _run_key([(stream.name, found.streams[stream.name].digest, states[stream.name]) for stream in ready])
        for stream in ready:
            states[stream.name] = requested(states[stream.name], stream, found.streams[stream.name], key, world)
    rest = found.listed / OBJECTS_PER_SECOND
    after = Cursor(rest_until=now + rest if rest > 2 else 0.0, streams=states)
    what = f"{len(streams)} landing tables, {found.listed} objects listed"
    waits = [f"{need.value}: {', '.join(s.name for s in needs[need][:5])}" for need in (Need.WAIT, Need.BUSY)]
    reason = "; ".join([what, *(text for text, need in zip(waits, (Need.WAIT, Need.BUSY), strict=True) if needs[need])])
    return after, ready, reason


def _since(state: State, now: float) -> float:
    return state.waiting.since if state.waiting else now


def _run_key(streams: Sequence[tuple[str, str, State]]) -> str:
    """Return the same key for the same look, and another one when the objects return to an earlier state."""
    parts = []
    for name, digest, state in streams:
        since = state.waiting.since if state.waiting else state.asked.run_key if state.asked else ""
        parts.append(f"{name} {digest} {since} {state.asked.attempt + 1 if state.asked else 0}")
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
