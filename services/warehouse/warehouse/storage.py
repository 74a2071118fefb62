"""Stores the data in DuckDB files in the data directory: one for each project, and one for the catalog and jobs."""

import functools
import shutil

import duckdb
from local_bigquery.engine import database
from local_bigquery.settings import settings
from local_bigquery.sql import native
from local_bigquery.sql.dialect import FUNCTIONS, MACRO

from warehouse import geography
from warehouse.information_schema import jobs

SUFFIX = ".bqdb"
NOT_PROJECTS = ("emulator", "bq", "memory")
NEEDS_SPATIAL = "geography"  # the ST_* functions need an extension that DuckDB downloads


def plain_files() -> None:
    """Store projects as DuckDB files instead of DuckLake catalogs.

    DuckDB downloads extensions when DuckLake or the spatial functions are first used, so the server would not start
    offline. A DuckDB file needs no extension. Its transactions are atomic, and its write-ahead log restores it after
    kill -9.
    """
    database._connect = functools.cache(_connect)
    database._attach = _attach
    database.projects = _projects


def _connect() -> duckdb.DuckDBPyConnection:
    """Open the data directory. Raises duckdb.IOException when another process uses it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(settings.data_dir / "uploads", ignore_errors=True)  # files of loads that the last stop interrupted
    connection = duckdb.connect()
    connection.execute("SET GLOBAL TimeZone = 'UTC'; SET autoinstall_known_extensions = false")
    # Threads that give freed memory back to the system: after loads of 1 M rows, 130 MB stay instead of 340 MB. A load
    # takes up to 5 % more processor time.
    connection.execute("SET GLOBAL allocator_background_threads = true")
    connection.execute(f"SET temp_directory = '{_literal(str(settings.data_dir / 'spill'))}'")
    connection.execute(f"ATTACH '{_literal(str(settings.data_dir / 'emulator.duckdb'))}' AS emulator")
    connection.execute(database.EMULATOR_SCHEMA)
    connection.execute("ATTACH ':memory:' AS bq")
    native.register(connection)
    for path in FUNCTIONS:
        if path.stem != NEEDS_SPATIAL:
            connection.execute(MACRO.sub(r"CREATE MACRO bq.main.\1", path.read_text()))
    for macro in geography.MACROS:
        connection.execute(macro)
    connection.execute(jobs.VIEW)
    stored = {path.stem for path in settings.data_dir.glob(f"*{SUFFIX}")}
    for project in sorted(stored | {settings.default_project_id}):
        _attach(connection, project)
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, project_id: str) -> None:
    """Attach the file of `project_id` as the DuckDB catalog of the same name; create the file if it is missing."""
    path = _literal(str(settings.data_dir / f"{project_id}{SUFFIX}"))
    connection.execute(f"ATTACH IF NOT EXISTS '{path}' AS {database.quote(project_id)}")
    database._attached.add(project_id)


def _projects() -> list[str]:
    """Return the ids of all projects, sorted."""
    names = database.fetch("SELECT database_name FROM duckdb_databases() WHERE NOT internal ORDER BY 1")
    return [name for (name,) in names if name not in NOT_PROJECTS]


def _literal(text: str) -> str:
    return text.replace("'", "''")
