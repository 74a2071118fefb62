"""Which checks a landing table has, and their results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import dagster as dg

from connections_file import Stream
from orchestrator.checks import (
    casts,
    columns,
    file_form,
    keys,
    left_out,
    loaded,
    losses,
    missing_rows,
    null_texts,
    remembered,
    row_count,
    source_freshness,
    spellings,
    stopped,
    unrepaired,
)
from orchestrator.checks.beside import Beside
from orchestrator.checks.findings import Finding, result
from orchestrator.checks.table import META, MODIFIED, TableFacts, read_table
from orchestrator.files import Bucket
from orchestrator.freshness import NO_LIMITS, Limits
from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.formats import AvroFormat, CsvFormat, NotCountedError, ParquetFormat, StreamFiles
from orchestrator.reading.objects import File, Files, copies, is_member
from orchestrator.settings import Settings
from orchestrator.warehouse import Warehouse
from platform_kit.names import column_name

OF_FILES = {
    row_count.NAME: row_count.DESCRIPTION,
    columns.NAME: columns.DESCRIPTION,
    file_form.NAME: file_form.DESCRIPTION,
}


@dataclass(frozen=True)
class TableChecks:
    """The checks of one landing table."""

    stream: Stream
    table: str
    files: StreamFiles | NotCountedError
    limits: Limits = NO_LIMITS
    elsewhere: Sequence[str] = ()
    """The globs of all streams."""

    @property
    def specs(self) -> list[dg.AssetCheckSpec]:
        """The checks. Each blocks the assets downstream of the table, except that of its age."""
        if not Settings.read().landing_checks:
            return []
        descriptions = {casts.NAME: casts.DESCRIPTION}
        if keys.columns(self.stream):
            descriptions[keys.NAME] = keys.DESCRIPTION
        if not isinstance(self.files, NotCountedError):
            descriptions |= OF_FILES
        if self.limits != NO_LIMITS:
            descriptions[source_freshness.NAME] = source_freshness.DESCRIPTION
        asset = dg.AssetKey(self.stream.asset_key)
        return [
            dg.AssetCheckSpec(name, asset=asset, description=text, blocking=name != source_freshness.NAME)
            for name, text in descriptions.items()
            if name not in self.stream.checks.skip
        ]

    @property
    def key(self) -> dg.AssetKey:
        """The table's asset key."""
        return dg.AssetKey(self.stream.asset_key)

    @property
    def _part(self) -> str:
        """What a place in the stream's files is called."""
        known = None if isinstance(self.files, NotCountedError) else self.files.format
        return "record" if isinstance(known, AvroFormat) else "row" if isinstance(known, ParquetFormat) else "line"

    @property
    def note(self) -> str:
        """Why the table has not all checks, for the asset's description."""
        if not Settings.read().landing_checks:
            return "\n\nWithout checks: LANDING_CHECKS is no."
        reason = f"\n\nWithout checks of its files: {self.files}." if isinstance(self.files, NotCountedError) else ""
        skipped = ", ".join(self.stream.checks.skip)
        return reason + (f"\n\nSkipped in connections.yaml: {skipped}." if skipped else "")

    def read(self, warehouse: Warehouse) -> TableFacts:
        """Return the table's numbers."""
        stream = self.stream
        has_versions = stream.sync_mode == "incremental_deduped_history" and self._reads_by_file
        appends = stream.sync_mode == "incremental_append"
        return read_table(warehouse, self.table, keys.columns(stream), has_versions=has_versions, appends=appends)

    @property
    def is_incremental(self) -> bool:
        """Whether a sync reads only the files that it does not know."""
        return self.stream.sync_mode.startswith("incremental_")

    @property
    def _reads_by_file(self) -> bool:
        """Whether the newest version of a file replaces the rows of an older one."""
        return self.stream.sync_mode == "incremental_append" or self.stream.cursor_field in ([], [MODIFIED])

    def present(self, bucket: Bucket) -> list[File]:
        """Return the files that exist before a sync that reads only some; nothing if S3 does not answer."""
        if not self.is_incremental or isinstance(self.files, NotCountedError) or not self.specs:
            return []
        try:
            return bucket.files().matching(self.files)
        except dg.Failure:  # the sync fails, or the checks say why
            return []

    def note_synced(self, instance: dg.DagsterInstance, present: list[File]) -> None:
        """Note that a sync has succeeded. `present` are the files that existed before it."""
        if present:
            loaded.Loaded(instance, self.stream.asset_key).synced(present)

    def results(
        self,
        table: TableFacts,
        selected: set[str],
        warehouse: Warehouse,
        bucket: Bucket,
        instance: dg.DagsterInstance,
        synced: datetime | None = None,
    ) -> Iterator[dg.AssetCheckResult]:
        """Yield the results of the selected checks. `synced`: when this run has synced the table, else None."""
        stream, noted, read = self.stream, list[dict[str, object]](), None
        if table.changed and META in table.columns:
            noted = casts.changes(warehouse, table)
        if not isinstance(self.files, NotCountedError) and selected & {*OF_FILES, casts.NAME}:
            try:
                read = self._read_files(bucket.files(), self.files, table, instance)
            except NotCountedError as reason:
                yield from self._not_checked(OF_FILES.keys() & selected, reason)
        if source_freshness.NAME in selected:
            last = synced or source_freshness.last_sync(instance, stream)
            yield source_freshness.judge(stream, table, self.limits, last)
        if casts.NAME in selected:
            yield self._casts(table, noted, read.facts if read else {}, warehouse, bucket)
        if keys.NAME in selected:
            good = f"{table.rows} rows, the key is never NULL and not repeated"
            found = keys.find(stream, table, warehouse, lambda name: self._rows_with_nulls(bucket, name), self._part)
            yield result(stream, keys.NAME, good, found, {"rows": table.rows}, self._part)
        if read and not isinstance(self.files, NotCountedError):
            yield from self._of_files(self.files, read, table, noted, selected, warehouse, bucket, instance)

    def _of_files(
        self,
        files: StreamFiles,
        read: "ReadFiles",
        table: TableFacts,
        noted: list[dict[str, object]],
        selected: set[str],
        warehouse: Warehouse,
        bucket: Bucket,
        instance: dg.DagsterInstance,
    ) -> Iterator[dg.AssetCheckResult]:
        stream, numbers = self.stream, {"files": len(read.facts)}
        if row_count.NAME in selected:
            records = partial(self._rows, bucket)
            stopped_at = stopped.remedy(stream, files, read.facts, table, warehouse, records, self._part)
            unread = None if files.skips else self._unread(files, read, table, warehouse, instance)
            counted = row_count.compare(stream, table.rows, read.facts, files.skips, table.older, stopped_at, unread)
            counted = row_count.with_repeated_loads(counted, table)
            yield read.beside.told_with(counted, read.facts.keys())
        if columns.NAME in selected:
            found = columns.find(stream, files, read.facts, table, _explained(noted))
            rows = partial(self._rows_with_nulls, bucket)
            found += spellings.find(files, read.facts, table, warehouse, rows, _explained(noted))
            found += left_out.find(stream, files, read.facts, read.modified, {finding.column for finding in found})
            yield result(stream, columns.NAME, "Every column of the files is in the table", found, numbers, self._part)
        if file_form.NAME in selected:
            found = file_form.find(files, read.facts, read.copies)
            yield result(stream, file_form.NAME, "The files are well formed", found, numbers, self._part)

    def _unread(
        self,
        files: StreamFiles,
        read: "ReadFiles",
        table: TableFacts,
        warehouse: Warehouse,
        instance: dg.DagsterInstance,
    ) -> str | None:
        """Return which files were not read, or not to their end, and what to do."""
        if self.is_incremental:
            known = loaded.Loaded(instance, self.stream.asset_key)
            full = [file for file in read.files if read.facts[file.name].records]
            if not self._reads_by_file:  # another cursor may keep the rows of an older version
                full = [file for file in full if not is_member(file.name)]
            if found := known.unread(full, loaded.newest_rows(warehouse, table)):
                return loaded.sentence(found)
        if any(fact.uncounted for fact in read.facts.values()):
            return None
        return missing_rows.short(self.stream, read.facts, read.modified, table, warehouse, files.globs)

    def _casts(
        self,
        table: TableFacts,
        noted: list[dict[str, object]],
        facts: Mapping[str, FileFacts],
        warehouse: Warehouse,
        bucket: Bucket,
    ) -> dg.AssetCheckResult:
        share = table.changed / table.rows if table.rows else 0.0
        numbers = {"rows": table.rows, "rows_with_uncast_values": table.changed, "share": share}
        good = f"{table.changed} of {table.rows} rows have a value that did not fit its column"
        found, rows = list[Finding](), partial(self._rows, bucket)
        is_told = share > self.stream.checks.uncast_values_allowed
        if not isinstance(self.files, NotCountedError):
            sure = unrepaired.confirmed(facts, table, warehouse)
            found = losses.find(self.stream, self.files, sure, table, _explained(noted), told=is_told)
            found += null_texts.find(self.stream, self.files, facts, table, warehouse, rows)
        if is_told:
            files = None if isinstance(self.files, NotCountedError) else self.files
            found = casts.find(self.stream, table, noted, files, rows) + found
        return result(self.stream, casts.NAME, good, found, numbers, self._part)

    def _not_checked(self, names: set[str], reason: NotCountedError) -> Iterator[dg.AssetCheckResult]:
        for name in sorted(names):
            yield dg.AssetCheckResult(
                asset_key=self.stream.asset_key,
                check_name=name,
                passed=False,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"Not checked: {reason}",
            )

    def _rows(self, bucket: Bucket, name: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the records of a file with their lines; nothing, if the stream's files are not read."""
        if not isinstance(self.files, NotCountedError):
            yield from bucket.files().rows(name, self.files.format)

    def _rows_with_nulls(self, bucket: Bucket, name: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the records as `_rows` does, with an empty text for each text that the format takes for NULL."""
        known = None if isinstance(self.files, NotCountedError) else self.files.format
        nulls = known.null_values if isinstance(known, CsvFormat) else ()
        for line, row in self._rows(bucket, name):
            yield line, {column: "" if text in nulls else text for column, text in row.items()}

    def _read_files(
        self, bucket: Files, files: StreamFiles, table: TableFacts, instance: dg.DagsterInstance
    ) -> "ReadFiles":
        """Read each file that is new or changed since the last check; take the facts of the others from there."""
        sought = Sought(table.empty, losses.kinds(files, table))
        memory = remembered.Memory(instance, self.stream.asset_key, files, sought)
        found, beside = {}, Beside(files.globs, self.elsewhere)
        matching = bucket.matching(files, beside.note)
        for file in matching:
            fact = memory.get(file) or bucket.facts(file, files.format, sought)
            found[file.name] = memory.keep(file, fact)
        memory.save()
        return ReadFiles(found, copies(matching), matching, beside)


@dataclass(frozen=True)
class ReadFiles:
    """The facts about the stream's files, the files that are copies of another one, all files, and those beside."""

    facts: Mapping[str, FileFacts]
    copies: Mapping[str, str]
    files: Sequence[File]
    beside: Beside

    @property
    def modified(self) -> Mapping[str, datetime]:
        """The time of each file."""
        return {file.name: file.modified for file in self.files}


def _explained(noted: list[dict[str, object]]) -> set[str]:
    """Return the columns with values that Airbyte has noted, in lower case."""
    return {column_name(str(item["field"])).lower() for item in noted}
