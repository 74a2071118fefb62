"""Checks a configuration against a manifest's specification with regular expressions, in a process of its own.

Python can take hours for a regular expression such as ^(a+)+$, and no other thread of the process runs meanwhile.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SECONDS = 5.0


class PatternError(Exception):
    """The check took more than SECONDS."""


def has_patterns(specification: Any) -> bool:
    """Return whether the specification has a pattern."""
    if isinstance(specification, dict):
        return not specification.keys().isdisjoint(("pattern", "patternProperties")) or any(
            map(has_patterns, specification.values())
        )
    return isinstance(specification, list) and any(map(has_patterns, specification))


def faults(configuration: dict[str, Any], specification: dict[str, Any]) -> dict[str, str]:
    """Return the faults by path. Raises PatternError."""
    command = [sys.executable, "-m", "airbyte_lite.connectors.patterns"]
    given = json.dumps([configuration, specification]).encode()
    try:  # without its standard error, which could have a secret
        done = subprocess.run(command, input=given, capture_output=True, timeout=SECONDS, check=True)
    except subprocess.TimeoutExpired as error:
        raise PatternError from error
    found: dict[str, str] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    from airbyte_lite.connectors.validation import all_faults

    print(json.dumps(all_faults(*json.load(sys.stdin))))
