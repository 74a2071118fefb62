"""Bridges for load jobs."""

import gzip
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
from local_bigquery.catalog import datasets, names, tables
from local_bigquery.engine.database import quote
from local_bigquery.errors import DUCKDB_PREFIX, BigQueryError
from local_bigquery.jobs import load, runner
from local_bigquery.jobs.storage import paths
from local_bigquery.models import JobStatistics3, Table, TableFieldSchema
from local_bigquery.settings import settings

from warehouse import autodetect, careful_loads, csv_rows, fast_loads, schemas, table_writes, text_sql, typed_files
from warehouse.careful_loads import Rejects, TooManyBadRecords
from warehouse.copy_jobs import without_partition
from warehouse.values import Misfit

GZIP_MAGIC = b"\x1f\x8b"
JSON = "NEWLINE_DELIMITED_JSON"
NOT_SUPPORTED = (
    *("hivePartitioningOptions", "dateFormat", "datetimeFormat", "timeFormat", "timestampFormat", "timeZone"),
    *("sourceColumnMatch", "jsonExtension", "referenceFileSchemaUri", "projectionFields", "fileSetSpecType"),
)
WORDS = {"CSV": "CSV", JSON: "JSON"}
Fields = list[TableFieldSchema]
Files = dict[str, str | None]  # each path, and the address that the user knows


def exact_values() -> None:
    """Convert the values of files as BigQuery does, or refuse them with the row and the column.

    local-bigquery leaves this to DuckDB's casts and readers: `1.5` became the INTEGER 2, a key in another case NULL,
    and unknown keys were ignored. It loads no row of a gzipped file and reports success.
    """
    load.run = run
    runner.HANDLERS["load"] = run


def run(cursor: Any, config: Any, upload: str | None) -> JobStatistics3:
    """Run a load job. Raises BigQueryError; the table is then unchanged."""
    reference = tables.reference(config.destinationTable)
    datasets.get(*reference[:2])
    for option in NOT_SUPPORTED:
        if getattr(config, option, None):
            raise BigQueryError(
                "invalid", f"The emulator does not support the option {option} of load jobs. Remove it."
            )
    config = config.replace(sourceFormat=config.sourceFormat or "CSV")
    uris = config.sourceUris or []
    found: Files = {upload: None} if upload else {path: uri for uri in uris for path in paths(cursor, uri)}
    sizes = [Path(path).stat().st_size for path in found if Path(path).is_file()]
    with _unpacked(found, config.sourceFormat) as files:
        if config.sourceFormat in WORDS:
            rows, bad = _load_text(cursor, config, reference, files)
        else:
            rows, bad = typed_files.load(cursor, config, reference, files), 0
    return JobStatistics3(
        inputFiles=str(len(found)),
        inputFileBytes=str(sum(sizes)),
        outputRows=str(rows),
        outputBytes=str(tables.logical_bytes(rows, len(tables.columns(*without_partition(reference)[0])))),
        badRecords=str(bad),
    )


def _load_text(cursor: Any, config: Any, reference: tuple[str, str, str], files: Files) -> tuple[int, int]:
    """Load CSV or NDJSON files; return the numbers of loaded and of bad rows."""
    if config.sourceFormat == "CSV" and (config.encoding or "UTF-8").upper() not in csv_rows.ENCODINGS:
        raise BigQueryError("invalid", f"Unsupported encoding: {config.encoding}")
    for path, name in files.items():
        if not Path(path).is_file():
            raise BigQueryError("notFound", f"Not found: Uris {name}")
    fields, skip = _fields(config, reference, files)
    names.fields(fields)
    if len({field.name.casefold() for field in fields}) < len(fields):
        raise BigQueryError("invalid", "The schema has two fields with the same name")
    try:
        if fast_loads.usual(cursor, config, fields, files):
            return _write_fast(cursor, config, reference, fields, files, skip), 0
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        # The rows may be stored already; or the load is done again with more memory (memory_limit).
        raise
    except duckdb.Error:
        pass  # an unusual value, or a wrong one; no row is stored
    rejects = Rejects(config.maxBadRecords or 0)
    cursor.register("_load_rows", careful_loads.reader(files, config, fields, skip, rejects))
    columns = ", ".join(quote(field.name) for field in fields)
    try:
        rows = _write(cursor, config, reference, fields, f"SELECT {columns} FROM _load_rows")  # noqa: S608
    except duckdb.Error as error:
        raise _failure(error, config, rejects) from error
    finally:
        cursor.unregister("_load_rows")
    return rows, rejects.count


def _write(cursor: Any, config: Any, reference: tuple[str, str, str], fields: Fields, sql: str) -> int:
    prefix = f"Provided Schema does not match Table {names.label(*without_partition(reference)[0])}. "
    declared = Table(schema={"fields": [field.dump() for field in fields]})
    disposition = config.writeDisposition or "WRITE_APPEND"
    write = table_writes.Write(cursor, sql, None, reference, config, disposition, declared, prefix)
    return table_writes.store(write).rows


def _write_fast(
    cursor: Any, config: Any, reference: tuple[str, str, str], fields: Fields, files: Files, skip: int
) -> int:
    """Write the rows as DuckDB reads them. Raises duckdb.Error for files with an unusual value."""
    try:
        return _write(cursor, config, reference, fields, fast_loads.sql(config, fields, files, skip, numbers=True))
    except duckdb.Error as error:
        if text_sql.DECIMAL_TEXT not in str(error) or fast_loads.numbers_in_texts(cursor, fields, files):
            raise
    return _write(cursor, config, reference, fields, fast_loads.sql(config, fields, files, skip, numbers=False))


def _fields(config: Any, reference: tuple[str, str, str], files: Files) -> tuple[Fields, int]:
    """Return the columns of the files, and how many rows at the start of each CSV file are no data."""
    skip = config.skipLeadingRows or 0
    if config.schema_ and config.schema_.fields:
        return config.schema_.fields, skip
    stored = _stored(reference)
    if stored and not config.autodetect:
        return stored, skip
    if not config.autodetect:
        raise BigQueryError(
            "invalid", "No schema specified on job or table. Give the load job a schema, or set autodetect."
        )
    path = next(iter(files))
    if config.sourceFormat == JSON:
        lines = (line for _, line in careful_loads.json_lines(path) if not isinstance(line, Misfit))
        detected = autodetect.json_columns(lines)
    else:
        dialect = csv_rows.Dialect.of(config)
        sample = list(islice(csv_rows.read(path, dialect, 0), autodetect.SAMPLE + skip + 1))
        detected, skip = autodetect.csv_columns(sample, config.skipLeadingRows)
    kept = config.writeDisposition != "WRITE_TRUNCATE" or "$" in reference[2]
    known = {field.name.casefold(): field for field in stored if kept}
    return [known.get(field.name.casefold(), field) for field in detected], skip


def _stored(reference: tuple[str, str, str]) -> Fields:
    base, _ = without_partition(reference)
    found = tables._lookup(*base)
    return schemas.stored(*base) if found and found[0] == "TABLE" else []


def _failure(error: duckdb.Error, config: Any, rejects: Rejects) -> BigQueryError:
    """Return the error of a load whose rows were read one by one."""
    name = WORDS[config.sourceFormat]
    if rejects.count > rejects.allowed or TooManyBadRecords.__name__ in str(error):
        message = (
            f"{name} table encountered too many errors, giving up. Rows: {rejects.rows}; errors: {rejects.count}; "
            f"max bad: {rejects.allowed}. {'; '.join(rejects.first)}"
        )
    elif isinstance(error, duckdb.ConstraintException):
        return table_writes.words(error)
    else:
        message = DUCKDB_PREFIX.sub("", str(error).split("\n")[0])
    return BigQueryError("invalid", f"Error while reading data, error message: {message}")


@contextmanager
def _unpacked(files: Files, source_format: str) -> Iterator[Files]:
    """Give plain files instead of gzipped ones: DuckDB reads a file twice, and uses all cores only for a plain file."""
    if source_format not in WORDS:
        yield files
        return
    plain: Files = {}
    made: list[Path] = []
    try:
        for path, name in files.items():
            if not Path(path).is_file() or not _is_gzip(Path(path)):
                plain[path] = name
                continue
            target = settings.data_dir / "uploads" / f"{uuid.uuid4().hex}.unpacked"
            target.parent.mkdir(parents=True, exist_ok=True)
            made.append(target)
            with gzip.open(path, "rb") as packed, target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
            plain[str(target)] = name
        yield plain
    finally:
        for target in made:
            target.unlink(missing_ok=True)


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP_MAGIC
