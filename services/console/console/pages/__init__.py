"""The pages. A new page is a module here with a PAGE, and a line in PAGES; the navigation has the same order.

A module shows things only: what it shows comes from console.logic.
"""

from collections.abc import Callable

from fastapi import FastAPI

from console.clients.platform import Platform
from console.pages import (
    changes,
    connection,
    connections,
    downloads,
    files,
    home,
    job_log,
    lineage,
    new_source,
    quality,
    sql,
    tables,
    transfers,
)
from console.parts.frame import Page

PAGES: list[Page] = [
    home.PAGE,
    files.PAGE,
    connections.PAGE,
    new_source.PAGE,  # before the page of one connection, whose path it has too
    connection.PAGE,
    job_log.PAGE,
    changes.PAGE,
    tables.PAGE,
    tables.ONE_TABLE,
    sql.PAGE,
    quality.PAGE,
    lineage.PAGE,
]

ROUTES: list[Callable[[FastAPI, Platform], None]] = [
    transfers.add,
    downloads.add,
    job_log.add_download,
    lineage.add,
]
"""The functions that add plain HTTP routes: streamed uploads and downloads."""
