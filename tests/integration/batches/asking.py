"""Runs compare.py: sends cases to the process and reads the differences from it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self

from airbyte_lite.settings import CONNECTORS
from tools.local.platform import ENVIRONMENTS, ROOT

COMPARE = Path(__file__).with_name("compare.py")
PACKAGE = ROOT / "services/airbyte_lite/airbyte_lite"


class Comparison:
    """Compares both ways in the connector's environment, in one process for all cases."""

    def __init__(self, directory: Path) -> None:
        python = ENVIRONMENTS / "connectors/source-s3/bin/python"
        (directory / "files").mkdir()
        self._errors = (directory / "errors").open("wb")
        self._process = subprocess.Popen(
            [python, "-I", COMPARE, PACKAGE, directory / "files"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={"HOME": str(directory), "NLTK_DATA": str(CONNECTORS / "nltk_data")},
            text=True,
        )
        self.outcome = ""  # outcome of the last case
        self.outcomes: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def differences(self, case: dict[str, Any]) -> list[str]:
        """Return the differences of a case; count its outcome."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        outcome, found = json.loads(self._process.stdout.readline())
        if isinstance(outcome, int):
            self.outcome = "rows" if outcome else "no rows"
        else:
            self.outcome = outcome.partition(":")[0]
        self.outcomes[self.outcome] = self.outcomes.get(self.outcome, 0) + 1
        return list(found)
