"""Imported by a warm Python: SQLAlchemy's SQLite databases, such as Dagster's, do not wait for the disk.

The data of a test's Dagster run need not survive a power failure, and a run commits hundreds of times.
"""

import sqlite3

from sqlalchemy import Engine, event


@event.listens_for(Engine, "connect")
def without_sync(connection: object, _record: object) -> None:
    """Turn off `synchronous`."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")
