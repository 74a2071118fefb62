"""Many rows through airbyte-lite: every row arrives, and the server's memory stays flat. `make bench`: a million."""

import threading
from collections.abc import Iterator

import psutil
import pytest
from types_boto3_s3 import S3Client

from .running import RunningPlatform, Server
from .syncs import Syncs, s3_configuration

ROWS = 125_000
MEMORY_LIMIT = 48 * 2**20  # bytes; about 22 MiB are used, and the lines of all rows would take 35 MiB more


def orders() -> bytes:
    """Return a CSV of orders with the columns of jaffle_shop_orders."""
    statuses = ["placed", "shipped", "completed", "returned"]
    lines = (f"{i},{i % 9973},2018-01-{i % 28 + 1:02d},{statuses[i % 4]}" for i in range(1, ROWS + 1))
    return ("id,user_id,order_date,status\n" + "\n".join(lines) + "\n").encode()


@pytest.fixture
def grown(platform: RunningPlatform) -> Iterator[list[int]]:
    """By how much (bytes) the airbyte-lite process's memory has grown at most since the test began: the only item."""
    server = psutil.Process(platform.services.processes["airbyte"].popen.pid)
    before = server.memory_info().rss
    highest, done = [0], threading.Event()

    def sample() -> None:
        while not done.wait(0.05):
            highest[0] = max(highest[0], server.memory_info().rss - before)

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
