"""What the sensor remembers between two looks, and what follows from a look for one stream.

Pure functions: what they need to know of Dagster comes as a World.
"""

from enum import Enum
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.arrivals.listing import Seen, digest
from orchestrator.arrivals.watched import Watched

LONGEST_WAIT = 60.0
"""Files that go on arriving are loaded after this number of seconds, so that they do not wait for ever."""
RETRY_SECONDS = (30, 120, 600, 1800)
"""The pauses before a run is repeated that failed although no check found wrong data: a service was away.

The last one is used again for as long as the run fails.
"""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Waiting(_Model):
    """Objects that differ from the known ones and may not be complete."""

    digest: str
    since: float
    """The first look at which the objects differed."""
    unchanged: float
    """The first look at these objects."""


class Asked(_Model):
    """A run that was requested for these objects and whose end has not been seen."""

    digest: str
    before: str
    """The digest of the objects that were known when the run was requested."""
    run_key: str
    attempt: int = 0
    retry_at: float = 0.0
    """The time at which the failed run is repeated; 0 while the run has not failed."""


class State(_Model):
    """What is remembered of one stream."""

    done: str | None = None
    """The digest of the objects that need no run; none before the first look."""
    waiting: Waiting | None = None
    asked: Asked | None = None


class Cursor(_Model):
    """The sensor's cursor, as JSON: about 50 bytes for each stream, however many objects there are."""

    version: Literal[1] = 1
    rest_until: float = 0.0
    """Before this time the sensor does not look, because the last look had to list many objects."""
    streams: dict[str, State] = {}

    @classmethod
    def read(cls, text: str | None) -> "Cursor | None":
        """Return the cursor; None if there is none or if it is not readable."""
        try:
            return cls.model_validate_json(text) if text else None
        except ValidationError:
            return None

    def text(self) -> str:
        """Return the cursor as Dagster stores it."""
        return self.model_dump_json(exclude_defaults=True)


class Outcome(Enum):
    """How a requested run ended."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    WRONG_DATA = "wrong data"
    """A check found an error. The same files would fail again, so the run is not repeated."""
    ENDED = "ended"
    """It was cancelled or deleted by somebody."""


class World(Protocol):
    """What a decision needs to know of Dagster. Each is asked only when it is needed."""

    def known(self, stream: Watched) -> set[bytes] | None:
        """Return the hashes of the objects that were loaded, or that were there at the first look; None: neither."""

    def remember(self, stream: Watched, objects: set[bytes]) -> None:
        """Note the objects that are there at the first look."""

    def is_busy(self, stream: Watched) -> bool:
        """Return whether a run in progress writes the landing table or an asset downstream of it."""

    def outcome(self, run_key: str) -> Outcome:
        """Return how the run with this key ended."""


class Need(Enum):
    """What a stream needs after a look."""

    NOTHING = "nothing"
    WAIT = "files are still arriving"
    BUSY = "a run of the table is in progress"
    RUN = "a run"


def follow(state: State, stream: Watched, seen: Seen, now: float, world: World) -> State:
    """Return the state after the end of the requested run, if it has ended.

    A run that failed, or that found wrong data, is not requested again for the same objects. They are loaded again if
    the run has loaded others: objects can change and change back while a run waits for its start.
    """
    asked = state.asked
    if asked is None:
        return state
    outcome = world.outcome(asked.run_key)
    if outcome is Outcome.RUNNING:
        return state
    known = digest(world.known(stream) or set())
    if outcome is Outcome.SUCCEEDED or seen.digest != asked.digest or known not in {asked.before, asked.digest}:
        return State()  # compared with what the run has loaded, which may be newer than what it was requested for
    # Wrong data of another table of the run does not tell why this one was not loaded.
    repeatable = outcome is Outcome.FAILED or (outcome is Outcome.WRONG_DATA and known == asked.before)
    if not repeatable:
        return State(done=asked.digest)
    if not asked.retry_at:
        pause = RETRY_SECONDS[min(asked.attempt, len(RETRY_SECONDS) - 1)]
        asked = asked.model_copy(update={"retry_at": now + pause})
    return state.model_copy(update={"asked": asked})


def decide(state: State, stream: Watched, seen: Seen, now: float, settle: float, world: World) -> tuple[State, Need]:
    """Return the state after a look and what the stream needs.

    A run needs two looks: at the first one the objects are noted, at a later one they must be the same.
    """
    state = follow(state, stream, seen, now, world)
    if state.asked:
        due = state.asked.retry_at and now >= state.asked.retry_at
        return state, (Need.BUSY if world.is_busy(stream) else Need.RUN) if due else Need.NOTHING
    if seen.digest == state.done:
        return State(done=state.done), Need.NOTHING
    waiting = state.waiting or Waiting(digest=seen.digest, since=now, unchanged=now)
    if waiting.digest != seen.digest:
        waiting = Waiting(digest=seen.digest, since=waiting.since, unchanged=now)
    state = State(done=state.done, waiting=waiting)
    # The clock of S3 may differ from ours: then the objects must be the same for as long by our own clock.
    quiet = waiting.unchanged < now and now - min(seen.newest, waiting.unchanged) >= settle
    if not quiet and now - waiting.since < LONGEST_WAIT:
        return state, Need.WAIT
    if world.is_busy(stream):
        return state, Need.BUSY
    known = world.known(stream)
    if known is None:
        world.remember(stream, seen.objects)
    if known is None or not differs(stream, seen.objects, known):
        return State(done=seen.digest), Need.NOTHING
    return state, Need.RUN


def differs(stream: Watched, objects: set[bytes], known: set[bytes]) -> bool:
    """Return whether a sync would change the table: there is a new object, or a deleted one of a replaced table.

    Nothing is loaded when the last object was deleted: the sync would fail, and the table would stay as it is.
    """
    return bool(objects) and (bool(objects - known) or (stream.replaced and objects != known))


def requested(state: State, stream: Watched, seen: Seen, run_key: str, world: World) -> State:
    """Return the state after a run was requested."""
    if state.asked:
        asked = state.asked.model_copy(update={"run_key": run_key, "attempt": state.asked.attempt + 1, "retry_at": 0.0})
    else:
        before = digest(world.known(stream) or set())
        asked = Asked(digest=seen.digest, before=before, run_key=run_key)
    return State(done=state.done, asked=asked)
