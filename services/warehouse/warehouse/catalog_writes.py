"""Bridges for writes to the catalog, which holds the resources of tables and datasets, and the jobs."""

import contextlib
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from local_bigquery.catalog import ddl, iam, metadata, names, tables
from local_bigquery.engine import database
from local_bigquery.jobs import store
from sqlglot import exp

from warehouse.memory import kept

REPLACE = re.compile(rf"INSERT OR REPLACE INTO emulator\.({'|'.join(database.RESOURCES)}) ")
POLICIES = re.compile(r"(INSERT OR REPLACE INTO|DELETE FROM) emulator\.iam_policies ")


def one_at_a_time() -> None:
    """Write to the catalog in one thread at a time.

    DuckDB refuses a write ("Conflict on update!") when another transaction changes the same row at the same moment. A
    job whose rows were already stored then failed, so that a client repeated it, or its last state was not saved.

    INSERT OR REPLACE takes DuckDB two to three times as long as UPDATE or INSERT.
    """
    lock = threading.Lock()

    def execute(sql: str, params: list[Any] | None = None) -> None:
        with lock:
            if resource := REPLACE.match(sql):
                _replace(resource[1], params or [])
            elif policies := POLICIES.match(sql):
                if policies[1] != "DELETE FROM" or _has_policies():
                    database.execute(sql, params)
                    kept.forget("iam_policies")
            else:
                database.execute(sql, params)

    for module in (iam, metadata, store):
        module.execute = execute


def _replace(kind: str, row: list[Any]) -> None:
    *keys, resource = row
    where = metadata._where(kind, len(keys))
    [(updated,)] = database.fetch(f"UPDATE emulator.{kind} SET resource = ? WHERE {where}", [resource, *keys])  # noqa: S608
    if not updated:
        database.execute(f"INSERT INTO emulator.{kind} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608


def _has_policies() -> bool:
    read = "SELECT 1 FROM emulator.iam_policies LIMIT 1"
    return bool(kept.get("iam_policies", "any", lambda: database.fetch(read)))


def whole_changes() -> None:
    """Let PATCH and ALTER TABLE ... SET OPTIONS of a table wait for a job that writes it.

    A job and a request both read the table's resource, change it and store it. When one of them stored its change
    between the other's two steps, that change was lost, for example a new description.
    """
    locks: defaultdict[tuple[str, ...], threading.RLock] = defaultdict(threading.RLock)
    guard = threading.Lock()

    @contextlib.contextmanager
    def writing(*table: str) -> Iterator[None]:  # a thread may take the lock of a table again, unlike upstream's
        with guard:
            lock = locks[tuple(part.casefold() for part in table)]
        with lock:
            yield

    update, apply = tables.update, ddl.apply

    def one_update(project_id: str, dataset_id: str, table_id: str, *arguments: Any) -> Any:
        with database.writing(project_id, dataset_id, table_id):
            return update(project_id, dataset_id, table_id, *arguments)

    def one_change(tree: exp.Expr, project_id: str, dataset_id: str, evaluate: Any) -> None:
        target = tree.find(exp.Table)
        if not isinstance(tree, exp.Alter) or tree.args.get("kind") == "SCHEMA" or target is None:
            apply(tree, project_id, dataset_id, evaluate)
            return
        with database.writing(*names.reference(target, project_id, dataset_id)):
            apply(tree, project_id, dataset_id, evaluate)

    database.writing, tables.update, ddl.apply = writing, one_update, one_change
