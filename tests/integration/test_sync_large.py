"""Many rows through airbyte-lite: every row arrives, and the memory of the server and of the connector stays flat.

`make bench` reads a million.
"""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from .running import RunningPlatform, Server
from .s3_types import S3Client
from .syncs import Syncs, s3_configuration

ROWS = 125_000
MEMORY_LIMIT = 48 * 2**20  # bytes; about 22 MiB are used, and the lines of all rows would take 35 MiB more
CONNECTOR_LIMIT = 96 * 2**20
"""Bytes that a command of the connector has of its own; about 60 MiB are used, with the batches that it writes."""


def orders() -> bytes:
    """Return a CSV of orders with the columns of jaffle_shop_orders."""
    statuses = ["placed", "shipped", "completed", "returned"]
    lines = (f"{i},{i % 9973},2018-01-{i % 28 + 1:02d},{statuses[i % 4]}" for i in range(1, ROWS + 1))
    return ("id,user_id,order_date,status\n" + "\n".join(lines) + "\n").encode()


@pytest.fixture
def grown(platform: RunningPlatform) -> Iterator[list[int]]:
    """The growth of airbyte-lite's memory (bytes) since the test began, and the memory of a connector's command.

    Both are maxima. Memory that the command shares with its fork server does not count."""
    server = psutil.Process(platform.services.processes["airbyte"].popen.pid)
    commands = Path(platform.environment["AIRBYTE_LITE_DATA_DIR"], "connectors/commands")
    before = server.memory_info().rss
    highest, done = [0, 0], threading.Event()

    def sample() -> None:
        while not done.wait(0.05):
            highest[0] = max(highest[0], server.memory_info().rss - before)
            for process in psutil.process_iter(["cwd"]):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if commands in Path(process.info["cwd"] or "").parents:  # a command's folder
                        highest[1] = max(highest[1], process.memory_full_info().uss)

    thread = threading.Thread(target=sample)
    thread.start()
    yield highest
    done.set()
    thread.join()


@pytest.mark.parametrize("sync_mode", ["full_refresh_overwrite", "incremental_deduped_history"])
def test_a_large_file(
    syncs: Syncs, s3: Server, s3_client: S3Client, bucket: str, dataset: str, grown: list[int], sync_mode: str
) -> None:
    s3_client.put_object(Bucket=bucket, Key="orders.csv", Body=orders())
    source = s3_configuration(s3.url, bucket, "orders", ["orders.csv"])
    job = syncs.sync(syncs.connect(source, dataset, sync_mode, "id"))
    assert job["rowsSynced"] == ROWS
    query = f"select count(*), count(distinct id), sum(user_id), count(distinct order_date) from {dataset}.orders"
    assert syncs.rows(query) == [(ROWS, ROWS, sum(i % 9973 for i in range(1, ROWS + 1)), 28)]
    assert 0 < grown[0] < MEMORY_LIMIT
    assert 0 < grown[1] < CONNECTOR_LIMIT
