"""The numbers about a landing table that the checks need, from one query."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connections_file import Stream
from orchestrator.warehouse import Warehouse

EXTRACTED = "_airbyte_extracted_at"
META, URL, MODIFIED = "_airbyte_meta", "_ab_source_file_url", "_ab_source_file_last_modified"

ZEROS = r"^([+-]?0|[+])[0-9]+$"
PLAIN_TEXT = r"^[^\p{C}\p{M}\p{Z}]+(?: [^\p{C}\p{M}\p{Z}]+)*$"
"""Words with one blank between them, without characters that may be written in another way: most keys."""
_EDGES = r"[\s\v\p{Z}\x{AD}\x{200B}\x{200E}\x{200F}\x{2060}\x{FEFF}]"
EDGE = f"^{_EDGES}|{_EDGES}$"
"""A blank or an invisible character at the beginning or at the end."""


@dataclass(frozen=True)
class TableFacts:
    """A landing table: its columns (name in lower case → name and type) and the numbers of its rows."""

    name: str
    columns: Mapping[str, tuple[str, str]]
    rows: int
    changed: int = 0
    """The rows with a value that Airbyte changed."""
    key: Sequence[str] = ()
    """The columns of the primary key that the table has."""
    key_nulls: int = 0
    key_duplicates: int = 0
    """The rows with a key beyond the number of different keys."""
    key_odd: int = 0
    """The rows with a text of the key that is not plain: see PLAIN_TEXT."""
    key_blanks: int = 0
    """The rows with blanks or invisible characters around a text of the key."""
    key_empty: int = 0
    """The rows whose key is an empty text, if the key is one column."""
    key_zeros: int = 0
    """The rows in which a text of the key is a whole number with a leading zero or a plus sign."""
    values: Mapping[str, int] = field(default_factory=dict)
    """The number of rows in which each of the source's columns (in lower case) is not NULL."""
    newest: datetime | None = None
    """When the newest row was extracted."""
    older: int = 0
    """The rows whose records are gone from the newest version of their file. `deletions: mark` marks them."""
    loaded_twice: int = 0
    """The versions of files whose rows are of several syncs, if each sync loads only new versions."""
    twice_example: str = ""
    """One of these files."""

    @property
    def empty(self) -> frozenset[str]:
        """The columns, in lower case, that are NULL in every row of a table with rows."""
        return frozenset(name for name, count in self.values.items() if self.rows and not count)

    @property
    def scope(self) -> str:
        """The table as a query names it."""
        return f"`{self.name}`"


def literal(text: str) -> str:
    """Return a text as SQL. BigQuery has the escapes of JSON, but not the pairs of them for one character."""
    return json.dumps(text, ensure_ascii=False)


def key_columns(stream: Stream) -> list[str]:
    """Return the top-level fields of the primary key."""
    return [path[0] for path in stream.primary_key if len(path) == 1]


def odd(name: str) -> str:
    """Return the condition that a text of a column is not plain."""
    return rf"not regexp_contains(`{name}`, r'{PLAIN_TEXT}')"


def padded(table: TableFacts) -> str:
    """Return the condition that a text of the key has blanks or invisible characters around it."""
    return " or ".join(rf"regexp_contains(`{name}`, r'{EDGE}')" for name in _texts(table.key, table.columns))


def _texts(key: Sequence[str], columns: Mapping[str, tuple[str, str]]) -> list[str]:
    return [name for name in key if columns[name.lower()][1] == "STRING"]


def read_table(
    warehouse: Warehouse, table: str, key: Sequence[str], *, has_versions: bool = False, appends: bool = False
) -> TableFacts:
    """Return the numbers of a table. `key` are column names in lower case.

    `has_versions`: each sync writes every record of a changed file again, so that a row tells its file's version.
    `appends`: each sync appends the records of new versions of files, and nothing else.
    """
    columns = warehouse.columns(table)
    known = [columns[name][0] for name in key if name in columns]
    measures = ["count(*) as row_count"]
    if META in columns:
        measures.append(f"countif(json_query({META}, '$.changes[0]') is not null) as changed")
    if has_versions and {URL, MODIFIED} <= columns.keys():  # as macros/deletions.sql of the dbt project
        newest = f"{MODIFIED} < max({MODIFIED}) over (partition by {URL})"
        versions = f"select count(*) as n, {newest} as gone from `{table}` group by {URL}, {MODIFIED}"  # noqa: S608
        measures.append(f"(select coalesce(sum(if(gone, n, 0)), 0) from ({versions})) as older")  # noqa: S608
    if appends and {URL, MODIFIED, META} <= columns.keys():
        sync = f"json_value({META}, '$.sync_id')"
        files = f"select {URL} from `{table}` group by {URL}, {MODIFIED} having min({sync}) != max({sync})"  # noqa: S608
        measures += [f"(select count(*) from ({files})) as twice", f"(select min({URL}) from ({files})) as example"]  # noqa: S608
    if EXTRACTED in columns:
        measures.append(f"max({EXTRACTED}) as newest")
    if known and len(known) == len(key):
        null = " or ".join(f"`{name}` is null" for name in known)
        parts = ", ".join(f"`{name}`" for name in known)
        if len(known) == 1 and columns[known[0].lower()][1] == "INTEGER":
            found = _different_integers(table, known[0])
        elif len(known) == 1:
            found = f"count(distinct {parts})"
        else:
            found = f"count(distinct if({null}, null, to_json_string(struct({parts}))))"
        measures += [f"countif({null}) as key_nulls", f"{found} as keys_found"]
        if texts := _texts(known, columns):
            odd_ones = " or ".join(map(odd, texts))
            zeros = " or ".join(f"regexp_contains(`{name}`, r'{ZEROS}')" for name in texts)
            measures += [f"countif({odd_ones}) as key_odd", f"countif({zeros}) as key_zeros"]
    own = [name for name in columns if not name.startswith("_airbyte_")]
    measures += [f"count(`{columns[name][0]}`) as n_{position}" for position, name in enumerate(own)]
    [row] = warehouse.query(f"select {', '.join(measures)} from `{table}`")  # noqa: S608 - see Warehouse.query
    rows, nulls = row["row_count"], row.get("key_nulls", 0)
    facts = TableFacts(
        name=table,
        columns=columns,
        rows=rows,
        newest=row.get("newest"),
        older=row.get("older", 0),
        loaded_twice=row.get("twice", 0),
        twice_example=row.get("example") or "",
        changed=row.get("changed", 0),
        key=known,
        key_nulls=nulls,
        key_odd=row.get("key_odd", 0),
        key_zeros=row.get("key_zeros", 0),
        key_duplicates=rows - nulls - row["keys_found"] if "keys_found" in row else 0,
        values={name: row[f"n_{position}"] for position, name in enumerate(own)},
    )
    if not facts.key_odd:
        return facts
    empty = f"countif(`{known[0]}` = '')" if len(known) == 1 else "0"
    [row] = warehouse.query(f"select countif({padded(facts)}) as key_blanks, {empty} as key_empty from `{table}`")  # noqa: S608
    return replace(facts, **row)


def _different_integers(table: str, name: str) -> str:
    """Return an expression that counts the different values of a column of integers.

    Each group has one bit for each of 32 neighbours. Keys that count up take half the time of a `count(distinct)`;
    keys that are far apart take half as long again.
    """
    bits = f"bit_count(bit_or(1 << (`{name}` & 31)))"
    groups = f"select {bits} as _airbyte_bits from `{table}` group by `{name}` >> 5"  # noqa: S608 - see Warehouse.query
    return f"(select coalesce(sum(_airbyte_bits), 0) from ({groups}))"  # noqa: S608
