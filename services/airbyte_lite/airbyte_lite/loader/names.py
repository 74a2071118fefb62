"""Table and column names, by the rules of Airbyte's BigQuery destination (its page's part "Naming Conventions")."""

import hashlib
import re
from collections.abc import Iterable

from airbyte_lite.loader.layout import EXTRACTED_AT, GENERATION_ID, META, RAW_ID
from platform_kit.names import COLUMN_LENGTH, TABLE_LENGTH, column_name, identifier

_STAGING = "_airbyte_tmp_"
_TOKEN_LENGTH = 12  # hexadecimal digits


def columns(fields: Iterable[str]) -> dict[str, str]:
    """Map each field to its column name.

    BigQuery ignores the case of column names. If a name is taken, the later field gets the suffix _1, _2 and so on.
    """
    taken = {RAW_ID, EXTRACTED_AT, META, GENERATION_ID}
    result = {}
    for field in fields:
        name, number = column_name(field), 0
        while name.lower() in taken:
            number += 1
            suffix = f"_{number}"
            name = column_name(field)[: COLUMN_LENGTH - len(suffix)] + suffix
        taken.add(name.lower())
        result[field] = name
    return result


def tables(wanted: Iterable[tuple[str | None, str, str]]) -> dict[tuple[str | None, str], str]:
    """Map (namespace, stream) to the table name, from tuples (namespace, stream, prefix + stream).

    If two streams would get the same table name, the later one gets a hash as suffix.
    """
    taken: set[str] = set()
    result = {}
    for namespace, stream, table in wanted:
        name = identifier(table)[:TABLE_LENGTH]
        if name in taken:
            digest = hashlib.sha256(f"{namespace}&airbyte&{stream}".encode()).hexdigest()
            name = f"{name[: TABLE_LENGTH - 9]}_{digest[:8]}"
        taken.add(name)
        result[namespace, stream] = name
    return result


def staging(table: str, connection_id: str, token: str) -> str:
    """Return the name of a staging table.

    Each sync uses a new `token` (12 hexadecimal digits), so a late job of a killed sync cannot write into it.
    """
    return f"{table}{_STAGING}{_owner(connection_id)}_{token}"


def is_staging_of(name: str, table: str, connection_id: str) -> bool:
    """Return whether `name` is a staging table that this connection has made for `table`.

    Another connection may be loading the same table; its staging table must not be dropped.
    """
    mine = re.escape(f"{table}{_STAGING}{_owner(connection_id)}_")
    return re.fullmatch(f"{mine}[0-9a-f]{{{_TOKEN_LENGTH}}}", name) is not None


def _owner(connection_id: str) -> str:
    return hashlib.sha256(connection_id.encode()).hexdigest()[:_TOKEN_LENGTH]
