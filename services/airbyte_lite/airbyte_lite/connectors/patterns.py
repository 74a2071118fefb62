"""Checks a configuration against a manifest's specification with regular expressions, in a process of its own.

Python can take hours for a regular expression such as ^(a+)+$, and no other thread of the process runs meanwhile.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from typing import Any

SECONDS = 5.0
"""Processor time of a check. The process ends itself after it, even if the server has ended meanwhile."""
WAIT_SECONDS = 60.0
"""Time for the same on a busy machine."""
AT_ONCE = threading.BoundedSemaphore(2)
"""Checks at the same time: each is a process with 40 MB that may need a whole processor."""


class PatternError(Exception):
    """The check took too long."""


def has_patterns(specification: Any) -> bool:
    """Return whether the specification has a pattern."""
    if isinstance(specification, dict):
        return not specification.keys().isdisjoint(("pattern", "patternProperties")) or any(
            map(has_patterns, specification.values())
        )
    return isinstance(specification, list) and any(map(has_patterns, specification))


def faults(configuration: dict[str, Any], specification: dict[str, Any]) -> dict[str, str]:
    """Return the faults by path. Raises PatternError."""
    command = [sys.executable, "-m", "airbyte_lite.connectors.patterns", str(SECONDS)]
    given = json.dumps([configuration, specification]).encode()
    try:  # without its standard error, which could have a secret
        with AT_ONCE:
            done = subprocess.run(command, input=given, capture_output=True, timeout=WAIT_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise PatternError from error
    if done.returncode == -signal.SIGPROF:
        raise PatternError
    done.check_returncode()
    found: dict[str, str] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    signal.setitimer(signal.ITIMER_PROF, float(sys.argv[1]))
    from airbyte_lite.connectors.validation import all_faults

    print(json.dumps(all_faults(*json.load(sys.stdin))))
