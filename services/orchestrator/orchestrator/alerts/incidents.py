"""The state of all open incidents, and what follows from a look at Dagster. Pure functions.

A symptom is one thing that can be wrong and get right again: a check of an asset, an asset that was not built, a late
asset, a sensor.
An incident is a group of symptoms that were found together. It is reported when it opens and when its last symptom is
gone.
"""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Observation(_Model):
    """What one run, or one look at Dagster's state, has shown."""

    subject: str
    """The run or the part of Dagster: `run of all_assets`."""
    text: str = ""
    """Why something is wrong, in sentences."""
    link: str = ""
    wrong: list[str] = []
    """The names of symptoms, the same each time: `check shop/orders key_is_whole`."""
    right: list[str] = []
    """The names of symptoms that are known to be absent."""
    causes: list[str] = []
    """The wrong symptoms that do not follow from another one of this observation."""


class Incident(_Model):
    """An incident that is open."""

    id: str
    subject: str
    opened_at: float
    symptoms: list[str]
    """All that were found."""
    open: list[str]
    """The symptoms that are still present."""
    times: int = 1
    """How often one of the incident's symptoms was found."""


class Message(_Model):
    """A message about an incident."""

    kind: Literal["failed", "recovered"]
    incident: str
    """The id of the incident."""
    at: float
    subject: str
    text: str
    link: str = ""


class Book(_Model):
    """The state that is kept between two looks."""

    cursor: int | None = None
    """The number of the newest event of Dagster that was read; none before the first look."""
    recent: list[int] = []
    """The numbers of the last events that were read."""
    number: int = 0
    """The number of the last incident."""
    incidents: dict[str, Incident] = {}


def apply(book: Book, observations: Iterable[Observation], now: float) -> tuple[Book, list[Message]]:
    """Return the book after these observations, in their order, and the messages to send."""
    after = book.model_copy(deep=True)
    messages: list[Message] = []
    for observation in observations:
        if observation.wrong and (message := _found(after, observation, now)):
            messages.append(message)
        right = set(observation.right) - set(observation.wrong)
        for incident in list(after.incidents.values()):
            if right.isdisjoint(incident.open):
                continue
            incident.open = [name for name in incident.open if name not in right]
            if not incident.open:
                messages.append(_recovered(incident, observation, now))
                del after.incidents[incident.id]
    return after, messages


def _found(book: Book, observation: Observation, now: float) -> Message | None:
    """Add the symptoms to the open incidents that have one of them, without a message.

    Without such an incident, or if the observation has a cause that none of them has, open an incident and report it.
    """
    wrong = list(dict.fromkeys(observation.wrong))
    if known := [incident for incident in book.incidents.values() if not set(wrong).isdisjoint(incident.open)]:
        covered = {name for incident in known for name in incident.open}
        new = [name for name in wrong if name not in covered]
        for incident in known:
            incident.times += 1
        if set(new).isdisjoint(observation.causes):
            known[0].open += new
            known[0].symptoms += [name for name in new if name not in known[0].symptoms]
            return None
        wrong = new
    book.number += 1
    opened = Incident(id=str(book.number), subject=observation.subject, opened_at=now, symptoms=wrong, open=list(wrong))
    book.incidents[opened.id] = opened
    return Message(
        kind="failed",
        incident=opened.id,
        at=now,
        subject=observation.subject,
        text=observation.text,
        link=observation.link,
    )


def _recovered(incident: Incident, observation: Observation, now: float) -> Message:
    minutes = round((now - incident.opened_at) / 60)
    failures = "1 failure" if incident.times == 1 else f"{incident.times} failures"
    text = f"It is right again after {minutes} minutes ({failures}): {', '.join(incident.symptoms[:10])}."
    return Message(
        kind="recovered",
        incident=incident.id,
        at=now,
        subject=incident.subject,
        text=text,
        link=observation.link,
    )
