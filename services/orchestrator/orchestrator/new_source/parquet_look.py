"""Looks at Parquet files: their own types, and the values of columns that may be keys."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestrator.new_source.found import Found, Uniques, likely_key
from source_texts.errors import SourceError
from source_texts.tables import Column


def look_at_parquet(paths: Sequence[Path], table: str) -> Found:
    """Return what the files have. Raises SourceError when one cannot be read or has another schema."""
    import pyarrow
    from pyarrow import parquet

    try:
        files = [parquet.ParquetFile(path) for path in paths]
    except (OSError, pyarrow.ArrowException) as error:
        raise SourceError(f"{paths[0].parent}: a Parquet file cannot be read: {error}") from error
    schema = files[0].schema_arrow
    for path, file in zip(paths, files, strict=True):
        if not file.schema_arrow.remove_metadata().equals(schema.remove_metadata()):
            raise SourceError(
                f"{path.name} has other columns or types than {paths[0].name}. One source needs one schema."
            )
        _require_loadable(path, file)
    names = list(schema.names)
    candidates = [
        name
        for at, name in enumerate(names)
        if likely_key(name, at, table)[0] < 9 and _may_be_key(schema.field(name).type)
    ]
    uniques = Uniques([(name,) for name in candidates])
    for file in files if candidates else []:
        for batch in file.iter_batches(columns=candidates):
            for record in batch.to_pylist():
                uniques.add(record)
    first = next(files[0].iter_batches(batch_size=1), None)
    examples: dict[str, Any] = first.to_pylist()[0] if first is not None and first.num_rows else {}
    columns = [
        Column(name, str(schema.field(name).type), _cast(schema.field(name).type), str(examples.get(name, ""))[:40])
        for name in names
    ]
    keys = sorted(uniques.keys, key=lambda key: likely_key(key[0], names.index(key[0]), table))
    return Found("parquet", {}, columns, keys, sum(file.metadata.num_rows for file in files), declared=False)


def _require_loadable(path: Path, file: Any) -> None:
    """Raise SourceError for bytes that are not UTF-8 (the connector reads them as text) and numbers beyond INT64."""
    import pyarrow
    from pyarrow import types

    for is_kind, as_loaded, fault in (
        (
            lambda kind: types.is_binary(kind) or types.is_large_binary(kind),
            pyarrow.large_string(),
            "bytes that are not UTF-8, and the connector reads bytes as text. Write them as text, for example in "
            "base64, or leave the column out.",
        ),
        (
            types.is_uint64,
            pyarrow.int64(),
            "a number beyond BigQuery's INT64, which would be NULL. Write the column as text.",
        ),
    ):
        names = [field.name for field in file.schema_arrow if is_kind(field.type)]
        for batch in file.iter_batches(columns=names) if names else []:
            for name in names:
                try:
                    batch.column(name).cast(as_loaded)
                except pyarrow.ArrowInvalid as error:
                    raise SourceError(f"{path.name}: the column {name!r} has {fault}") from error


def _may_be_key(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind))


def _cast(kind: Any) -> str | None:
    """Return the cast of a type; None: Airbyte's type is kept, such as that of times, lists and objects."""
    from pyarrow import types

    for is_kind, name in (
        (types.is_integer, "int64"),
        (types.is_boolean, "bool"),
        (types.is_string, "string"),
        (types.is_large_string, "string"),
        (types.is_date, "date"),
    ):
        if is_kind(kind):
            return f"cast({{}} as {name})"
    return None
