"""A column that the newest files leave out: it is NULL in their rows, although older files have values in it."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from connections_file import Stream
from orchestrator.checks.findings import Finding
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import JsonlFormat, StreamFiles


def find(
    stream: Stream,
    files: StreamFiles,
    facts: Mapping[str, FileFacts],
    modified: Mapping[str, datetime],
    explained: Collection[str],
) -> Iterator[Finding]:
    """Yield a warning for each column that no file has that is newer than the last file with it.

    `modified` is the time of each file. A column that only newer files have was added, which is usual. JSON lines may
    leave out a field. Other findings report the columns of `explained`.
    """
    if isinstance(files.format, JsonlFormat) or files.schemaless:
        return
    with_rows = {file: fact for file, fact in facts.items() if fact.names and (fact.records or fact.uncounted)}
    last: dict[str, tuple[datetime, str, str]] = {}  # by name in lower case: the newest file with the column
    for file, fact in with_rows.items():
        for name in fact.names:
            last[name.lower()] = max(last.get(name.lower(), (modified[file], "", "")), (modified[file], file, name))
    for time, file, name in last.values():
        if name in explained or (stream.selected_fields and name not in stream.selected_fields):
            continue
        newer = sorted((modified[other], other) for other in with_rows if modified[other] > time)
        if newer:
            _, first = newer[0]
            others = f" (and {len(newer) - 1} newer files)" if len(newer) > 1 else ""
            yield Finding(
                f"the file does not have the column{others}, which older files have (the last one: {file}), so it is "
                "NULL in the rows of the file",
                "If the column has another name now, rename it in the file, or read both names in the staging model. "
                "If files may leave it out, nothing is wrong.",
                first,
                facts[first].header_line,
                name,
                blocking=False,
            )
