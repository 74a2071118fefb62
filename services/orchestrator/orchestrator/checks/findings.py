"""What a check has found, as Dagster's check result: a sentence for each place, and a table of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from connections_file import Stream

SHOWN = 3
"""The number of findings in the description; the table has all of them."""
DROP = "drop the table (rows whose files are no longer in the bucket are lost)"
"""How the rows of a table that a sync keeps are loaded anew: a part of remedies."""
RESET = "reset the connection in Airbyte (rows whose files are no longer in the bucket are lost), then run again"
"""How a sync that keeps its rows, or reads only new files, reads all files again: a part of remedies."""


def again(stream: Stream) -> str:
    """Return how all files are loaded anew. A sync of the mode full_refresh_overwrite does it by itself."""
    return "run again" if stream.sync_mode == "full_refresh_overwrite" else RESET


@dataclass(frozen=True)
class Finding:
    """Something wrong: where, what, and what to do."""

    text: str
    remedy: str
    file: str = ""
    line: int = 0
    column: str = ""
    blocking: bool = True
    """Whether the table is wrong. If not, the check only warns."""

    def __str__(self) -> str:
        """Return the finding in a file of lines as a sentence."""
        return self.sentence()

    def sentence(self, part: str = "line") -> str:
        """Return the finding as a sentence. `part` is what the file has: lines, records or rows."""
        line = f"{part} {self.line}" if self.line else ""
        column = f"column {self.column!r}" if self.column else ""
        place = ", ".join(filter(None, (self.file, line, column)))
        return f"{place}: {self.text}. {self.remedy}" if place else f"{self.text}. {self.remedy}"


def result(
    stream: Stream,
    name: str,
    good: str,
    findings: Sequence[Finding],
    numbers: dict[str, Any] | None = None,
    part: str = "line",
) -> dg.AssetCheckResult:
    """Return the check's result: passed with the sentence `good`, or failed with the findings.

    `part` is what the files have: lines, records or rows.
    """
    ordered = sorted(findings, key=lambda finding: not finding.blocking)
    lines = [finding.sentence(part) for finding in ordered[:SHOWN]]
    if len(ordered) > SHOWN:
        lines.append(f"and {len(ordered) - SHOWN} more")
    metadata: dict[str, Any] = dict(numbers or {})
    if ordered:
        records = [
            dg.TableRecord({"file": f.file, part: f.line, "column": f.column, "what": f.text, "remedy": f.remedy})
            for f in ordered[:100]
        ]
        metadata["findings"] = dg.MetadataValue.table(records)
    blocking = any(finding.blocking for finding in ordered)
    return dg.AssetCheckResult(
        asset_key=stream.asset_key,
        check_name=name,
        passed=not ordered,
        severity=dg.AssetCheckSeverity.ERROR if blocking or not ordered else dg.AssetCheckSeverity.WARN,
        description="\n".join(lines) or good,
        metadata=metadata,
    )
