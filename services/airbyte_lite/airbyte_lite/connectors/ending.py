"""How a connector's command ended, in words."""

from __future__ import annotations

import signal

AT_MEMORY_LIMIT = (
    "probably at its memory limit: set AIRBYTE_LITE_CONNECTOR_MEMORY_MIB, or let it read less at once (smaller files, "
    "fewer streams)"
)
REASONS: dict[int, str] = {
    signal.SIGKILL: "usually out of memory",
    # A library without memory ends its process in this way; Python itself raises MemoryError.
    signal.SIGABRT: AT_MEMORY_LIMIT,
    signal.SIGSEGV: AT_MEMORY_LIMIT,
}


def ending(exit_code: int | None) -> str:
    """Return how a command ended. A negative exit code is the signal that killed it; None: it is not known."""
    if exit_code is None or exit_code >= 0:
        return f"ended with exit code {exit_code}"
    reason = REASONS.get(-exit_code)
    return f"was killed (signal {-exit_code}{f': {reason}' if reason else ''})"
