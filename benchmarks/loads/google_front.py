"""Runs the tests' stand-in for Google BigQuery before the emulator, as a process of its own.

Usage: python -m benchmarks.loads.google_front EMULATOR PORT FOLDER, where the service account key is written.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.integration.google_front import HEALTH, front_of
from tools.local.platform import ROOT
from tools.local.processes import Service

KEY = "key.json"


def service(emulator: str, port: int, folder: Path) -> Service:
    """Return the service. It is healthy when the key is in the folder; the emulator may start later."""
    command = [sys.executable, "-m", "benchmarks.loads.google_front", emulator, str(port), str(folder)]
    return Service("front", command, {}, f"{url(port)}{HEALTH}", directory=ROOT)


def url(port: int) -> str:
    """Return the address of the front."""
    return f"http://127.0.0.1:{port}"


def settings(port: int, folder: Path) -> dict[str, str]:
    """Return the settings of a platform that takes the front for Google BigQuery, with a service account key."""
    google = {"BIGQUERY_EMULATOR_HOST": url(port), "GOOGLE_APPLICATION_CREDENTIALS": str(folder / KEY)}
    return google | {"WAREHOUSE": "bigquery"}


def main(emulator: str, port: str, folder: str) -> None:
    """Serve until the process is ended."""
    with front_of(emulator, port=int(port), key_folder=Path(folder)):
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
