"""The objects that a landing table was loaded from, kept in Dagster's own key-value store.

The step of the connection writes them when its sync has succeeded. So when the sensor's cursor is lost, the sensor
starts no run for loaded objects and misses no other object.
"""

import base64
from collections.abc import Sequence

import dagster as dg

from orchestrator.arrivals.listing import HASH_BYTES, look
from orchestrator.arrivals.watched import Watched
from orchestrator.reading.objects import Files


def known(instance: dg.DagsterInstance, stream: Watched) -> set[bytes] | None:
    """Return the hashes of the known objects; None if nothing is known, or if what is stored is not readable."""
    key = _key(stream)
    text = instance.daemon_cursor_storage.get_cursor_values({key}).get(key)
    if text is None:
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return {content[start : start + HASH_BYTES] for start in range(0, len(content), HASH_BYTES)}


def remember(instance: dg.DagsterInstance, stream: Watched, objects: set[bytes]) -> None:
    """Replace the known objects: 11 bytes for each."""
    text = base64.b64encode(b"".join(sorted(objects))).decode()
    instance.daemon_cursor_storage.set_cursor_values({_key(stream): text})


def present(files: Files, streams: Sequence[Watched]) -> dict[str, set[bytes]]:
    """Return the hashes of the objects that exist now, by the name of the table. Raises Failure without S3."""
    return {name: seen.objects for name, seen in look(files, streams).streams.items()} if streams else {}


def _key(stream: Watched) -> str:
    return f"file_sensor/{stream.name}"
