"""Loads the batches of one stream into its table: a single batch directly, several through a staging table."""

import json
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from google.cloud import bigquery
from google.cloud.bigquery import SchemaUpdateOption, WriteDisposition

from airbyte_lite.loader.background import Background
from airbyte_lite.loader.errors import LostKeyError, SyncError
from airbyte_lite.loader.jobs import Jobs
from airbyte_lite.loader.merge import LOST_KEY, REWRITTEN_KEY, insert_sql, merge_sql, noted_sql, rewritten_sql
from airbyte_lite.loader.spool import Spool
from airbyte_lite.loader.stream import DEDUPED, OVERWRITE
from airbyte_lite.loader.tables import TablePlan, old_type
from airbyte_lite.loader.warehouse import STAGING_LIFE, Warehouse
from airbyte_lite.loader.widening import widen, widened


@dataclass(frozen=True)
class Batch:
    """A file with some of a stream's rows. `rows` is their number if the connector has written the file."""

    path: Path
    rows: int | None = None


class StreamLoad:
    """The load of one stream. Only `commit` changes the final table. `clean` must be called at the end."""

    def __init__(
        self,
        warehouse: Warehouse,
        jobs: Jobs,
        plan: TablePlan,
        spool: Spool,
        staging: tuple[str, str],
        background: Background,
    ) -> None:
        """`staging` has two table names that only this sync uses: for the rows, and for a new version of the table."""
        self.plan = plan
        self._warehouse = warehouse
        self._jobs = jobs
        self._spool = spool
        self._background = background
        self._staging, self._version = staging
        self._batches = 0
        self._last: Batch | None = None  # a batch of the connector, which may be the only one
        self._clustering = plan.clustering  # of the final table during the load into it
        self._committed = False

    def batch_full(self) -> None:
        """Start to load the spooled batch into the staging table, in the background."""
        self._submit(Batch(self._spool.take()))

    def deliver(self, batch: Batch, full: bool) -> None:
        """Take a batch that the connector has written. `full`: more batches may follow, so it is loaded at once."""
        self._submit_last()
        self._last = batch
        if full:
            self._submit_last()

    def read_to_end(self) -> None:
        """Start to load the last batch into the staging table, if the stream uses one."""
        if self._batches or self.plan.stream.sync_mode == DEDUPED:
            self._submit_last()
            if self._spool.size:
                self.batch_full()

    def commit(self, misfits: Container[str] = ()) -> None:
        """Write the rows to the final table in one atomic job. The background must have been drained before.

        Jobs before it compare the texts of retyped keys, and give columns a wider type; these keep all rows. If the
        cursor is among the columns with `misfits`, a job after it notes the records that did not replace a row.
        """
        step = f"{self.plan.table[:100]}_commit"
        if self.plan.retyped_keys and self._batches:
            self._refuse_rewritten_keys(step)
        if self.plan.widened:
            self._widen(step)
        if self.plan.stream.sync_mode == DEDUPED:
            self._merge(step)
            if self.plan.cursor in misfits and self._batches:
                names_ = self._warehouse.name(self.plan.table), self._warehouse.name(self._staging)
                self._jobs.query(noted_sql(self.plan, *names_), self.plan.table, f"{step}_notes", "note records in")
        else:
            self._write(step)
        self._committed = True

    def clean(self) -> None:
        """Drop the staging tables and, after a commit, cluster the table by a new or retyped key.

        Raises SyncError. The rows stay committed, and the next sync tries the clustering again.
        """
        if self._batches:
            self._warehouse.drop(self._staging)
        if self.plan.widened or (
            self._batches and self.plan.existing is None and self.plan.stream.sync_mode == DEDUPED
        ):
            self._warehouse.drop(self._version)
        if self._committed and self._clustering != self.plan.clustering:
            found = self.plan.find(self._warehouse)
            self.plan.alter(self._warehouse, found, self.plan.clustering, add_columns=False)

    def _submit_last(self) -> None:
        if self._last is not None:
            batch, self._last = self._last, None
            self._submit(batch)

    def _submit(self, batch: Batch) -> None:
        self._batches += 1
        number = self._batches
        self._background.submit(lambda: self._stage(batch, number))

    def _refuse_rewritten_keys(self, step: str) -> None:
        """Raise SyncError if a row of the table would stay beside its new version, because its key has another text."""
        found = self.plan.find(self._warehouse)
        if found is None:
            return
        names_ = self._warehouse.name(self.plan.table), self._warehouse.name(self._staging)
        try:
            self._jobs.query(rewritten_sql(self.plan, found, *names_), self._staging, f"{step}_keys", "compare keys of")
        except SyncError as error:
            if texts := REWRITTEN_KEY.search(error.message):
                old, new = map(json.loads, texts.groups())
                raise SyncError(
                    f"Stream {self.plan.stream.name}: the source writes {new!r} where the table {self.plan.table} "
                    f"has {old!r}, in {', '.join(self.plan.retyped_keys)}, of the primary key, because the type "
                    f"of the column has changed. The old row would stay beside its new version. The table was not "
                    f"changed. {old_type(found)}",
                    "config_error",
                ) from error
            raise

    def _widen(self, step: str) -> None:
        found = self.plan.find(self._warehouse)
        columns = widened(found, self.plan.schema) if found is not None else []
        if found is not None and columns:
            widen(self._warehouse, self._jobs, found, columns, self._version, step)

    def _write(self, step: str) -> None:
        """Append the rows to the final table, or replace its rows with them."""
        plan, table, mode = self.plan, self.plan.table, self.plan.stream.sync_mode
        found = plan.find(self._warehouse)
        # For a copy, both tables need the same clustering. The staging table got its clustering before the read.
        self._clustering = plan.clustering_beside(plan.existing if self._batches else found)
        # A load job adds the new columns itself, together with its rows. A copy job does not.
        plan.alter(self._warehouse, found, self._clustering, add_columns=mode != OVERWRITE and self._batches > 0)
        if self._batches:
            self._jobs.copy(self._staging, table, _disposition(mode), step)
        else:
            batch = self._last or Batch(self._spool.take())
            _check(batch)  # before the load, which changes the final table
            self._load(batch, table, self._direct(mode), step, final=True)

    def _stage(self, batch: Batch, number: int) -> None:
        if number == 1:
            self.plan.create(self._warehouse, self._staging, datetime.now(UTC) + STAGING_LIFE)
        config = bigquery.LoadJobConfig(schema=self.plan.schema, write_disposition=WriteDisposition.WRITE_APPEND)
        self._load(batch, self._staging, config, f"{self.plan.table[:100]}_batch{number}")

    def _load(
        self, batch: Batch, table: str, config: bigquery.LoadJobConfig, step: str, *, final: bool = False
    ) -> None:
        loaded = self._jobs.load(batch.path, table, config, step)
        if loaded is not None and batch.rows not in (None, loaded):
            remedy = "sync again."
            if final and self.plan.stream.sync_mode != OVERWRITE:
                remedy = "the next sync appends its rows again, so delete the new rows of this table before it."
            raise SyncError(
                f"The connector wrote {batch.rows} rows to {batch.path.name}, but BigQuery loaded {loaded} of them "
                f"into {self._warehouse.name(table)}. The state was not saved: {remedy}"
            )
        batch.path.unlink()

    def _direct(self, mode: str) -> bigquery.LoadJobConfig:
        config = bigquery.LoadJobConfig(schema=self.plan.schema, write_disposition=_disposition(mode))
        config.time_partitioning = self.plan.partitioning
        config.clustering_fields = self._clustering
        if mode != OVERWRITE:
            config.schema_update_options = [SchemaUpdateOption.ALLOW_FIELD_ADDITION]
        return config

    def _merge(self, step: str) -> None:
        """Merge the staged rows into the final table, or create the final table with them.

        A new table is created together with its rows, because another connection may write to any existing table: an
        INSERT into an existing empty table could duplicate a key, and dropping it after an error could lose rows.
        Raises LostKeyError, and then no table has changed.
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
            self._query(merge_sql(plan, *names_), table, step)

    def _query(self, sql: str, table: str, step: str) -> None:
        """Run a statement that reads the newest row of each key. Raises LostKeyError if no row has a key."""
        try:
            self._jobs.query(sql, table, step)
        except SyncError as error:
            if found := LOST_KEY.search(error.message):
                raise LostKeyError(
                    f"Stream {self.plan.stream.name}: {found[1]}, of its primary key, is NULL in all rows that were "
                    "read. The source does not have the column any more, or it has another name or type. The table "
                    "was not changed.",
                    "config_error",
                ) from error
            raise

    def _create_filled(self, step: str) -> bool:
        """Create the final table with the newest row of each key, in one atomic job. Cheaper than a MERGE.

        If another connection has created the table in the meantime, change nothing and return False.
        """
        self.plan.create(self._warehouse, self._version, datetime.now(UTC) + STAGING_LIFE)
        names_ = self._warehouse.name(self._version), self._warehouse.name(self._staging)
        self._query(insert_sql(self.plan, *names_), self._version, f"{step}_rows")
        try:
            self._jobs.copy(self._version, self.plan.table, WriteDisposition.WRITE_EMPTY, f"{step}_table")
        except SyncError:
            if self.plan.find(self._warehouse) is None:
                raise
            return False
        return True


def _check(batch: Batch) -> None:
    """Raise SyncError if the number of lines is not the reported one. The connector checks Parquet files."""
    if batch.rows is None or batch.path.suffix == ".parquet":
        return
    with batch.path.open("rb") as file:
        lines = sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))
    if lines != batch.rows:
        raise SyncError(
            f"The connector reported {batch.rows} rows in {batch.path.name}, but the file has {lines}. None of its "
            "rows was loaded, and the state was not saved: sync again."
        )


def _disposition(mode: str) -> str:
    return str(WriteDisposition.WRITE_TRUNCATE if mode == OVERWRITE else WriteDisposition.WRITE_APPEND)
