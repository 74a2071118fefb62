"""States of a sync, as connectors send them."""

from typing import Any


def global_state(*names: str) -> dict[str, Any]:
    """Return a state of several streams and what they share."""
    parts = [{"stream_descriptor": {"name": name}, "stream_state": {"at": 1}} for name in names]
    return {"type": "GLOBAL", "global": {"shared_state": {"lsn": 1}, "stream_states": parts}}
