"""The health check."""

import duckdb
from fastapi import APIRouter, Response
from local_bigquery.engine import database

router = APIRouter()


@router.get("/healthz", include_in_schema=False)
def healthz(response: Response) -> dict[str, str]:
    """Answer 200 when the database can query its files, else 503 with the error."""
    try:
        database.fetch("SELECT count(*) FROM emulator.datasets")
    except duckdb.Error as error:
        response.status_code = 503
        return {"status": "error", "error": str(error)}
    return {"status": "ok"}
