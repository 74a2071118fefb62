"""Brings the batches of one stream into its table: at once where they are one, else through a staging table."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from google.cloud import bigquery
from google.cloud.bigquery import SchemaUpdateOption, WriteDisposition

from airbyte_lite.loader.background import Background
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.jobs import Jobs
from airbyte_lite.loader.merge import insert_sql, merge_sql
from airbyte_lite.loader.spool import Spool
from airbyte_lite.loader.stream import DEDUPED, OVERWRITE
from airbyte_lite.loader.tables import TablePlan
from airbyte_lite.loader.warehouse import Warehouse

_STAGING_LIFE = timedelta(days=7)  # BigQuery drops it then, should nobody else: longer than any sync


@dataclass(frozen=True)
class Batch:
    """Some of a stream's rows, in a file."""

    path: Path
    number: int  # from 1

    @property
    def is_first(self) -> bool:
        """Whether no batch of the stream was loaded before."""
        return self.number == 1


class StreamLoad:
    """The load of one stream. Until `commit` its final table is untouched; `clean` removes what is left besides it."""

    def __init__(
        self,
        warehouse: Warehouse,
        jobs: Jobs,
        plan: TablePlan,
        spool: Spool,
        staging: tuple[str, str],
        background: Background,
    ) -> None:
        """`staging`: two names of this sync alone, for the rows as they come and for a new deduplicated table."""
        self.plan = plan
        self._warehouse = warehouse
        self._jobs = jobs
        self._spool = spool
        self._background = background
        self._staging, self._deduplicated = staging
        self._batches = 0
        self._clustering = plan.clustering  # of the final table while rows are loaded into it
        self._committed = False

    def batch_full(self) -> None:
        """Load the spooled batch into the staging table, in the background."""
        self._batches += 1
        batch = Batch(self._spool.take(), self._batches)
        self._background.submit(lambda: self._stage(batch))

    def read_to_end(self) -> None:
        """Load the last batch into the staging table, if the stream goes that way."""
        if self._spool.size and (self._batches or self.plan.stream.sync_mode == DEDUPED):
            self.batch_full()

    def commit(self) -> None:
        """Change the final table in one atomic job; every batch must have been drained."""
        step = f"{self.plan.table[:100]}_commit"
        if self.plan.stream.sync_mode == DEDUPED:
            self._merge(step)
        else:
            self._write(step)
        self._committed = True

    def clean(self) -> None:
        """Drop the staging tables, and cluster the table by a key that it did not have before the commit.

        The rows are committed by then: a clustering that fails is tried again by the next sync.
        """
        if self._batches:
            self._warehouse.drop(self._staging)
            if self.plan.existing is None and self.plan.stream.sync_mode == DEDUPED:
                self._warehouse.drop(self._deduplicated)
        if self._committed and self._clustering != self.plan.clustering:
            found = self.plan.find(self._warehouse)
            self.plan.alter(self._warehouse, found, self.plan.clustering, add_columns=False)

    def _write(self, step: str) -> None:
        """Append the rows to the final table, or replace its rows by them."""
        plan, table, mode = self.plan, self.plan.table, self.plan.stream.sync_mode
        found = plan.find(self._warehouse)
        # A copy needs the clustering of its source, which was made before the rows were read.
        self._clustering = plan.clustering_beside(plan.existing if self._batches else found)
        # A load job adds columns itself, together with its rows.
        plan.alter(self._warehouse, found, self._clustering, add_columns=mode != OVERWRITE and self._batches > 0)
        if self._batches:
            self._jobs.copy(self._staging, table, _disposition(mode), step)
        else:
            path = self._spool.take()
            self._jobs.load(path, table, self._direct(mode), step)
            path.unlink()

    def _stage(self, batch: Batch) -> None:
        if batch.is_first:
            self.plan.create(self._warehouse, self._staging, datetime.now(UTC) + _STAGING_LIFE)
        config = bigquery.LoadJobConfig(schema=self.plan.schema, write_disposition=WriteDisposition.WRITE_APPEND)
        step = f"{self.plan.table[:100]}_batch{batch.number}"
        self._jobs.load(batch.path, self._staging, config, step)
        batch.path.unlink()

    def _direct(self, mode: str) -> bigquery.LoadJobConfig:
        config = bigquery.LoadJobConfig(schema=self.plan.schema, write_disposition=_disposition(mode))
        config.time_partitioning = self.plan.partitioning
        config.clustering_fields = self._clustering
        if mode != OVERWRITE:
            config.schema_update_options = [SchemaUpdateOption.ALLOW_FIELD_ADDITION]
        return config

    def _merge(self, step: str) -> None:
        """Merge the staged rows into the final table, or create it with them.

        Only a table that appears together with its rows can be this sync's alone: another connection may write to any
        table that exists, so an INSERT into one could repeat a key, and dropping one could lose rows.
        """
        plan, table = self.plan, self.plan.table
        found = plan.find(self._warehouse)
        if found is None and not self._batches:
            plan.create(self._warehouse, table)
        elif found is None and self._create_filled(step):
            return
        found = found or plan.find(self._warehouse)
        self._clustering = plan.clustering_beside(found)
        plan.alter(self._warehouse, found, self._clustering, add_columns=True)
        if self._batches:
            names_ = self._warehouse.name(table), self._warehouse.name(self._staging)
            self._jobs.query(merge_sql(plan, *names_), table, step)

    def _create_filled(self, step: str) -> bool:
        """Create the final table with the newest row of each key, in one atomic job; cheaper than a MERGE.

        Return False, having changed nothing, if another connection has made the table meanwhile.
        """
        self.plan.create(self._warehouse, self._deduplicated, datetime.now(UTC) + _STAGING_LIFE)
        names_ = self._warehouse.name(self._deduplicated), self._warehouse.name(self._staging)
        self._jobs.query(insert_sql(self.plan, *names_), self._deduplicated, f"{step}_rows")
        try:
            self._jobs.copy(self._deduplicated, self.plan.table, WriteDisposition.WRITE_EMPTY, f"{step}_table")
        except SyncError:
            if self.plan.find(self._warehouse) is None:
                raise
            return False
        return True


def _disposition(mode: str) -> str:
    return str(WriteDisposition.WRITE_TRUNCATE if mode == OVERWRITE else WriteDisposition.WRITE_APPEND)
