"""Keys that are different for BigQuery, but look the same for people: a part of the check `key_is_whole`.

They differ in blanks, in characters that nobody sees (U+200B, a byte order mark, a soft hyphen), or in the Unicode form
of a letter: `ë` may be one character, or `e` and a mark.
"""

from collections.abc import Iterator

from orchestrator.checks.findings import Finding
from orchestrator.checks.table import URL, TableFacts, odd
from orchestrator.reading.facts import Rows
from orchestrator.reading.names import key_texts
from orchestrator.warehouse import Warehouse

INVISIBLE = (
    r"[\x00-\x08\x0E-\x1F\x7F-\x9F\x{AD}\x{34F}\x{61C}\x{180E}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}"
    r"\x{FE00}-\x{FE0F}\x{FEFF}]+"
)
BLANKS = r"[\s\p{Z}]+"


def find(table: TableFacts, warehouse: Warehouse, rows: Rows) -> Iterator[Finding]:
    """Yield a warning if two keys look the same; the warehouse is asked only if a key has such a character."""
    if not table.key_odd:
        return
    [found] = warehouse.query(_query(table))
    if not found["n"]:
        return
    pair = [(str(found["first"]), found.get("first_url")), (str(found["last"]), found.get("last_url"))]
    spelling, file = max(pair, key=lambda item: len(ascii(item[0])))  # the one with more of these characters
    places = key_texts(rows(file), table.key) if file else iter(())
    line = next((line for line, texts in places if ", ".join(texts) == spelling), 0)
    what = "1 key has" if found["n"] == 1 else f"{found['n']} keys have"
    yield Finding(
        f"{what} several spellings that look the same, for example {pair[0][0]!a} and {pair[1][0]!a}: they "
        "differ in blanks, in invisible characters or in the Unicode form of a letter, so each one is another key",
        "If they mean one record, write the key in one way in the files, then run again.",
        file or "",
        line,
        ", ".join(table.key),
        blocking=False,
    )


def _query(table: TableFacts) -> str:
    """Return the query for groups of keys with one cleaned text. Only odd texts are cleaned, which takes time."""
    texts = {name for name in table.key if table.columns[name.lower()][1] == "STRING"}
    cleaned = {
        name: f"trim(regexp_replace(regexp_replace(normalize(`{name}`), r'{INVISIBLE}', ''), r'{BLANKS}', ' '))"
        for name in texts
    }
    parts = ", ".join(
        f"if({odd(name)}, {cleaned[name]}, `{name}`)" if name in texts else f"`{name}`" for name in table.key
    )
    text = f"concat({", ', ', ".join(f'cast(`{name}` as string)' for name in table.key)})"
    one, other, urls, picked = "_airbyte_one", "_airbyte_other", "", ""
    if URL in table.columns:
        urls = f", min_by({URL}, {text}) as _airbyte_first_url, max_by({URL}, {text}) as _airbyte_last_url"
        picked = f", min_by(_airbyte_first_url, {one}) as first_url, min_by(_airbyte_last_url, {one}) as last_url"
    groups = f"select min({text}) as {one}, max({text}) as {other}{urls} from {table.scope} group by {parts}"  # noqa: S608 - see Warehouse.query
    numbers = f"count(*) as n, min({one}) as first, min_by({other}, {one}) as last{picked}"
    return f"select {numbers} from ({groups}) where {one} != {other}"  # noqa: S608
