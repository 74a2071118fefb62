"""Writes to the warehouse that meet a conflict or an interrupt. Runs in the warehouse's Python, without a server.

Prints one JSON object: for each case, the answer to the writer and the number of stored rows.
"""

import asyncio
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import anyio
import duckdb
from local_bigquery.app import app
from local_bigquery.catalog import metadata, tabledata, tables
from local_bigquery.engine import database
from local_bigquery.models import JobConfigurationLoad, Table, TableDataInsertAllRequest
from local_bigquery.settings import settings

from warehouse import bridges, load_jobs, uploads

ROWS, SAVES = 50, 40


class InterruptedAfterCommit:
    """A cursor whose COMMIT succeeds and is interrupted at its end."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)

    def execute(self, sql: str, *rest: Any) -> Any:
        """Run the statement. Raises duckdb.InterruptException after COMMIT."""
        result = self.cursor.execute(sql, *rest)
        if sql == "COMMIT":
            raise duckdb.InterruptException
        return result


def told(write: Callable[[], object]) -> str:
    """Return the name and the text of the error that `write` raises, or "done"."""
    try:
        write()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def load(name: str, cursor: Any) -> None:
    """Load ROWS rows into the table."""
    path = settings.data_dir / f"{name}.ndjson"
    path.write_text('{"id": 1}\n' * ROWS)
    target = {"projectId": "p", "datasetId": "d", "tableId": name}
    config = {
        "destinationTable": target,
        "sourceFormat": "NEWLINE_DELIMITED_JSON",
        "schema": {"fields": [{"name": "id", "type": "INTEGER"}]},
    }
    load_jobs.run(cursor, JobConfigurationLoad.model_validate(config), str(path))


def insert(name: str) -> None:
    """Insert one row with an insertId; the same request each time."""
    body = {"rows": [{"insertId": "a", "json": {"id": 1}}]}
    tabledata.insert_all("p", "d", name, TableDataInsertAllRequest.model_validate(body))


def rows(name: str) -> int:
    """Return the number of rows in the table."""
    return int(database.fetch(f"SELECT count(*) FROM p.d.{name}")[0][0])


@contextlib.contextmanager
def transaction(*statements: str) -> Iterator[None]:
    """Run the statements in a transaction that stays open until the end of the block."""
    with database.cursor() as cursor:
        cursor.execute("BEGIN")
        for statement in statements:
            cursor.execute(statement)
        yield
        cursor.execute("ROLLBACK")


def patched_while_a_job_writes() -> list[str | None]:
    """Patch the description of a table between the two steps of a job; return the changes of both."""
    table, patch = ("p", "d", "patched"), Table.model_validate({"description": "by the request"})
    with ThreadPoolExecutor(1) as threads:
        with database.writing(*table):
            resource = metadata.load(Table, *table)
            request = threads.submit(lambda: tables.update(*table, patch, None, False))
            wait([request], timeout=0.2)
            tables.record(*table, resource.replace(friendlyName="by the job"))
        request.result()
    found = metadata.load(Table, *table)
    return [found.description, found.friendlyName]


def uploaded_with_an_interrupt() -> tuple[str, float]:
    """Interrupt the first write of an uploaded chunk at its end; return the error and the written part (0 to 1)."""
    path = settings.data_dir / "upload"
    path.touch()
    write = anyio.AsyncFile.write

    async def pieces() -> Any:
        yield bytes(uploads.WRITTEN_BYTES)

    async def interrupted(file: Any, content: bytes) -> None:
        await write(file, content)
        if content:
            raise InterruptedError

    request: Any = SimpleNamespace(headers={"content-range": f"bytes 0-{uploads.WRITTEN_BYTES - 1}/*"}, stream=pieces)
    with patch("local_bigquery.api.uploads._file", lambda _id: str(path)), patch("anyio.AsyncFile.write", interrupted):
        error = told(lambda: asyncio.run(uploads._received("upload", request)))
    return error, path.stat().st_size / uploads.WRITTEN_BYTES


def main() -> None:
    """Run all cases."""
    settings.data_dir, settings.default_project_id = Path(sys.argv[1]), "p"
    bridges.install(app)
    database.execute("CREATE SCHEMA p.d")
    resource = Table.model_validate({"schema": {"fields": [{"name": "id", "type": "INTEGER"}]}})
    metadata.save(metadata.Dataset(), "p", "d")
    for name in ("catalog", "interrupted", "inserted", "patched"):
        database.execute(f"CREATE TABLE p.d.{name} (id BIGINT)")
        tables.record("p", "d", name, resource)
    answers: dict[str, Any] = {}
    with (
        database.cursor() as cursor,
        transaction("UPDATE emulator.tables SET resource = '{}' WHERE table_id = 'catalog'"),
    ):
        answers["catalog"] = [told(lambda: load("catalog", cursor))]
    with database.cursor() as cursor:
        answers["interrupted"] = [told(lambda: load("interrupted", InterruptedAfterCommit(cursor)))]
    with transaction("ALTER TABLE p.d.inserted ADD COLUMN other BIGINT"):
        answers["inserted"] = [told(lambda: insert("inserted"))]
    with ThreadPoolExecutor(2) as threads:
        answers["inserted"] += threads.map(told, [lambda: insert("inserted")] * 2)
    for name, answer in answers.items():
        answer.append(rows(name))
    with ThreadPoolExecutor(8) as threads:
        saves = [lambda: tables.record("p", "d", "inserted", resource)] * SAVES
        answers["saves"] = Counter(threads.map(told, saves))
    answers["patched"] = patched_while_a_job_writes()
    answers["uploaded"] = uploaded_with_an_interrupt()
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
