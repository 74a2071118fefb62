"""Avro files, Parquet files and ZIP archives that tests write."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import fastavro
import pyarrow
import pyarrow.parquet


def avro(fields: Mapping[str, Any], *records: tuple[Any, ...], name: str = "row", **options: Any) -> bytes:
    """Return an Avro file with fields of these types; the name is the record's, the options are fastavro's."""
    file = io.BytesIO()
    parts = [{"name": field, "type": kind} for field, kind in fields.items()]
    rows = [dict(zip(fields, record, strict=True)) for record in records]
    fastavro.writer(file, {"type": "record", "name": name, "fields": parts}, rows, **options)
    return file.getvalue()


def logical(stored: str, name: str, **options: Any) -> dict[str, Any]:
    """Return a logical type of Avro, such as a date."""
    return {"type": stored, "logicalType": name, **options}


def parquet(columns: Mapping[str, Any] | pyarrow.Table, **options: Any) -> bytes:
    """Return a Parquet file; the options are those of `pyarrow.parquet.write_table`."""
    file = io.BytesIO()
    table = columns if isinstance(columns, pyarrow.Table) else pyarrow.table(dict(columns))
    pyarrow.parquet.write_table(table, file, **options)
    return file.getvalue()


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP archive with these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()
