"""Bridges for load jobs."""

import gzip
import shutil
from pathlib import Path
from typing import Any

from local_bigquery.jobs import load, runner

GZIP_MAGIC = b"\x1f\x8b"


def gzip_files() -> None:
    """Decompress gzipped CSV and NDJSON uploads: local-bigquery loads no row of them and reports success.

    They are decompressed on disk, because DuckDB reads the file twice, and uses all cores only for a plain file.
    """
    upstream = load.run

    def run(cursor: Any, config: Any, upload: str | None) -> Any:
        if upload and (config.sourceFormat or "CSV") in load.TEXT_FORMATS:
            _unpack(Path(upload))
        return upstream(cursor, config, upload)

    load.run = run
    runner.HANDLERS["load"] = run


def json_values() -> None:
    """Load every kind of JSON value into a JSON column: local-bigquery refuses strings, as it removes their quotes."""
    upstream = load._text

    def text(field: Any) -> Any:
        return field if field.type == "JSON" else upstream(field)

    load._text = text


def _unpack(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(2) != GZIP_MAGIC:
            return
    unpacked = path.with_name(f"{path.name}.unpacked")
    with gzip.open(path, "rb") as packed, unpacked.open("wb") as plain:
        shutil.copyfileobj(packed, plain, 1 << 20)
    unpacked.replace(path)
