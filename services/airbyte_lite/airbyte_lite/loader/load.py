"""Brings the batches of one stream into its table: at once where they are one, else through a staging table."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from google.cloud import bigquery
from google.cloud.bigquery import SchemaUpdateOption, WriteDisposition

from airbyte_lite.loader.jobs import Jobs
from airbyte_lite.loader.merge import insert_sql, merge_sql
from airbyte_lite.loader.spool import Spool
from airbyte_lite.loader.stream import DEDUPED, OVERWRITE
from airbyte_lite.loader.tables import TablePlan
from airbyte_lite.loader.warehouse import Warehouse

_STAGING_LIFE = timedelta(days=7)  # BigQuery drops it then, should nobody else: longer than any sync
_WAITING = 2  # batches on disk: one that is being loaded, one that is next


class Background:
    """One thread that loads batches while the source is being read; the reader waits when it is two batches ahead."""

    def __init__(self) -> None:
        self.failed = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load")
        self._waiting: deque[Future[None]] = deque()

    def submit(self, task: Callable[[], None]) -> None:
        """Queue a task; raises what an earlier one raised."""
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._guarded, task))

    def drain(self) -> None:
        """Wait for every task; raises what the first failing one raised."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """Forget the tasks that have not begun and wait for the one that has."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _guarded(self, task: Callable[[], None]) -> None:
        if self.failed.is_set():
            return
        try:
            task()
        except BaseException:
            self.failed.set()
            raise


class StreamLoad:
    """The load of one stream. Until `commit` its final table is untouched; `clean` removes what is left besides it."""

    def __init__(
        self, warehouse: Warehouse, jobs: Jobs, plan: TablePlan, spool: Spool, staging: str, background: Background
    ) -> None:
        self.plan = plan
        self._warehouse = warehouse
        self._jobs = jobs
        self._spool = spool
        self._background = background
        self._staging = staging
        self._batches = 0

    def batch_full(self) -> None:
        """Load the spooled batch into the staging table, in the background."""
        self._batches += 1
        path, step = self._spool.take(), f"{self.plan.table[:100]}_batch{self._batches}"
        self._background.submit(lambda: self._stage(path, step))

    def read_to_end(self) -> None:
        """Load the last batch into the staging table, if the stream goes that way."""
        if self._spool.size and (self._batches or self.plan.stream.sync_mode == DEDUPED):
            self.batch_full()

    def commit(self) -> None:
        """Change the final table in one atomic job; every batch must have been drained."""
        plan, table, mode = self.plan, self.plan.table, self.plan.stream.sync_mode
        step = f"{table[:100]}_commit"
        # A load job adds columns itself, together with its rows.
        plan.evolve(self._warehouse, add_columns=mode == DEDUPED or (mode != OVERWRITE and self._batches > 0))
        if mode == DEDUPED:
            self._merge(step)
        elif self._batches:
            self._jobs.copy(self._staging, table, _disposition(mode), step)
        else:
            path = self._spool.take()
            self._jobs.load(path, table, self._direct(mode), step)
            path.unlink()

    def clean(self) -> None:
        """Drop the staging table."""
        if self._batches:
            self._warehouse.drop(self._staging)

    def _stage(self, path: Path, step: str) -> None:
        if step.endswith("_batch1"):
            self.plan.create(self._warehouse, self._staging, datetime.now(UTC) + _STAGING_LIFE)
        config = bigquery.LoadJobConfig(schema=self.plan.schema, write_disposition=WriteDisposition.WRITE_APPEND)
        self._jobs.load(path, self._staging, config, step)
        path.unlink()

    def _direct(self, mode: str) -> bigquery.LoadJobConfig:
        config = bigquery.LoadJobConfig(schema=self.plan.schema, write_disposition=_disposition(mode))
        config.time_partitioning = self.plan.partitioning
        config.clustering_fields = self.plan.clustering
        if mode != OVERWRITE:
            config.schema_update_options = [SchemaUpdateOption.ALLOW_FIELD_ADDITION]
        return config

    def _merge(self, step: str) -> None:
        plan, table = self.plan, self.plan.table
        if plan.existing is None:
            plan.create(self._warehouse, table)
        if not self._batches:
            return
        names_ = self._warehouse.name(table), self._warehouse.name(self._staging)
        if plan.existing is not None:
            self._jobs.query(merge_sql(plan, *names_), table, step)
            return
        try:
            self._jobs.query(insert_sql(plan, *names_), table, step)
        except BaseException:
            self._warehouse.drop(table)
            raise


def _disposition(mode: str) -> str:
    return str(WriteDisposition.WRITE_TRUNCATE if mode == OVERWRITE else WriteDisposition.WRITE_APPEND)
