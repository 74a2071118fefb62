"""How fast the services answer other clients while a large connection syncs."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platform_kit.s3
from benchmarks.loads.running import MAKE_FILES
from tests.integration.syncs import Syncs, s3_configuration
from tools.local.platform import Platform, python

ROWS, MODE = 1_000_000, "full_refresh_overwrite"
IDLE_SECONDS = 5
PAUSE_SECONDS = 0.05


def measure(platform: Platform, syncs: Syncs, dataset: str, most_rows: int | None) -> dict[str, list[float]]:
    """Return the seconds of each answer, {"a query, idle": […], …}; the connection loads at most ROWS rows."""
    rows = min(ROWS, most_rows or ROWS)
    connection = large(platform, syncs, dataset, rows)
    actions: dict[str, Callable[[], Any]] = {
        "a query": lambda: syncs.rows(f"select count(*) from {dataset}.full_refresh_overwrite_customers"),  # noqa: S608
        "the list of connections": lambda: syncs.call("GET", "connections"),
    }
    found: dict[str, list[float]] = {}
    for title, during in (
        ("idle", lambda: time.sleep(IDLE_SECONDS)),
        (f"during a sync of {rows:,} rows", lambda: syncs.sync(connection)),
    ):
        with asked_again_and_again(actions) as seconds:
            during()
        found |= {f"{name}, {title}": values for name, values in seconds.items()}
    return found


def large(platform: Platform, syncs: Syncs, dataset: str, rows: int) -> str:
    """Upload a CSV file of orders; return the id of a connection that loads it."""
    folder, bucket = platform.directory / "large", platform.environment["S3_BUCKET"]
    subprocess.run([python("warehouse"), MAKE_FILES, folder, "csv", str(rows), "8", "1"], check=True)
    file: Path = folder / "0.csv"
    platform_kit.s3.client(platform.environment).upload_file(str(file), bucket, "large/0.csv")
    file.unlink()
    return syncs.connect(s3_configuration(platform.url("s3"), bucket, "large", ["large/*"]), dataset, MODE)


@contextmanager
def asked_again_and_again(actions: dict[str, Callable[[], Any]]) -> Iterator[dict[str, list[float]]]:
    """Give the seconds that each action took, called in turn until the end of the block; raise its error."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    done, problems = threading.Event(), list[Exception]()

    def ask() -> None:
        try:
            while not done.wait(PAUSE_SECONDS):
                for name, action in actions.items():
                    started = time.monotonic()
                    action()
                    seconds[name].append(round(time.monotonic() - started, 4))
        except Exception as error:
            problems.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seconds
    finally:
        done.set()
        thread.join()
    if problems:
        raise problems[0]
