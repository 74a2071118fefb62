"""Which checks a landing table has, and their results."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import dagster as dg

from connections_file import Stream
from orchestrator.checks import casts, columns, file_form, keys, remembered, row_count
from orchestrator.checks.findings import result
from orchestrator.checks.table import META, TableFacts, read_table
from orchestrator.files import Bucket
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import CsvFormat, NotCountedError, StreamFiles
from orchestrator.reading.objects import Files
from orchestrator.settings import Settings
from orchestrator.warehouse import Warehouse

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

    @property
    def specs(self) -> list[dg.AssetCheckSpec]:
        """The checks. Each blocks the assets downstream of the table."""
        if Settings.read().landing_checks == "no":
            return []
        descriptions = {casts.NAME: casts.DESCRIPTION}
        if keys.columns(self.stream):
            descriptions[keys.NAME] = keys.DESCRIPTION
        if not isinstance(self.files, NotCountedError):
            descriptions |= OF_FILES
        return [
            dg.AssetCheckSpec(name, asset=dg.AssetKey(self.stream.asset_key), description=text, blocking=True)
            for name, text in descriptions.items()
            if name not in self.stream.checks.skip
        ]

    @property
    def note(self) -> str:
        """Why the table has not all checks, for the asset's description."""
        if Settings.read().landing_checks == "no":
            return "\n\nWithout checks: LANDING_CHECKS is no."
        reason = f"\n\nWithout checks of its files: {self.files}." if isinstance(self.files, NotCountedError) else ""
        skipped = ", ".join(self.stream.checks.skip)
        return reason + (f"\n\nSkipped in connections.yaml: {skipped}." if skipped else "")

    def read(self, warehouse: Warehouse) -> TableFacts:
        """Return the table's numbers."""
        return read_table(warehouse, self.table, keys.columns(self.stream))

    def results(
        self, table: TableFacts, selected: set[str], warehouse: Warehouse, bucket: Bucket, instance: dg.DagsterInstance
    ) -> Iterator[dg.AssetCheckResult]:
        """Yield the results of the selected checks."""
        stream, noted = self.stream, []
        if table.changed and META in table.columns:
            noted = casts.changes(warehouse, table)
        if casts.NAME in selected:
            yield self._casts(table, noted, bucket)
        if keys.NAME in selected:
            good = f"{table.rows} rows, the key is never NULL and not repeated"
            yield result(stream, keys.NAME, good, keys.find(stream, table, warehouse), {"rows": table.rows})
        if isinstance(self.files, NotCountedError) or not selected & OF_FILES.keys():
            return
        try:
            facts = self._facts(bucket.files(), self.files, table, instance)
        except NotCountedError as reason:
            for name in OF_FILES.keys() & selected:
                yield dg.AssetCheckResult(
                    asset_key=stream.asset_key,
                    check_name=name,
                    passed=False,
                    severity=dg.AssetCheckSeverity.WARN,
                    description=f"Not checked: {reason}",
                )
            return
        yield from self._of_files(self.files, facts, table, noted, selected)

    def _of_files(
        self,
        files: StreamFiles,
        facts: Mapping[str, FileFacts],
        table: TableFacts,
        noted: list[dict[str, object]],
        selected: set[str],
    ) -> Iterator[dg.AssetCheckResult]:
        stream, numbers = self.stream, {"files": len(facts)}
        if row_count.NAME in selected:
            yield row_count.compare(stream, table.rows, facts, files.skips)
        if columns.NAME in selected:
            explained = {str(item["field"]).lower() for item in noted}
            found = columns.find(stream, files, facts, table, explained)
            yield result(stream, columns.NAME, "Every column of the files is in the table", found, numbers)
        if file_form.NAME in selected:
            yield result(stream, file_form.NAME, "The files are well formed", file_form.find(files, facts), numbers)

    def _casts(self, table: TableFacts, noted: list[dict[str, object]], bucket: Bucket) -> dg.AssetCheckResult:
        share = table.changed / table.rows if table.rows else 0.0
        numbers = {"rows": table.rows, "rows_with_uncast_values": table.changed, "share": share}
        good = f"{table.changed} of {table.rows} rows have a value that did not fit its column"
        file_format = getattr(self.files, "format", None)
        csv_format = file_format if isinstance(file_format, CsvFormat) else None
        found = []
        if share > self.stream.checks.uncast_values_allowed:
            found = casts.find(table, noted, csv_format, lambda name: bucket.files().rows(name, csv_format))  # type: ignore[arg-type]
        return result(self.stream, casts.NAME, good, found, numbers)

    def _facts(
        self, bucket: Files, files: StreamFiles, table: TableFacts, instance: dg.DagsterInstance
    ) -> dict[str, FileFacts]:
        """Read each file that is new or changed since the last check; take the facts of the others from there."""
        memory = remembered.Memory(instance, self.stream.asset_key, files, table.empty)
        found = {}
        for file in bucket.matching(files):
            fact = memory.get(file) or bucket.facts(file, files.format, table.empty)
            found[file.name] = memory.keep(file, fact)
        memory.save()
        return found
