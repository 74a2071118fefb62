"""Where BigQuery's manual says something else than the oracle, or the oracle knows nothing: the manual's answer."""

from typing import NamedTuple


class Manual(NamedTuple):
    """A query, BigQuery's answer by the manual, and the page that says so. `rows` is None when BigQuery refuses it."""

    sql: str
    source: str
    types: list[str] = []
    rows: list[list[object]] | None = None


DUPLICATES = "query syntax, duplicate column names: not allowed in a result"
NORMALIZE = "string functions, NORMALIZE"

MANUAL = [
    Manual("SELECT 1 AS a, 2 AS a", DUPLICATES),
    Manual("SELECT 1 AS A, a FROM (SELECT 2 AS a)", DUPLICATES),
    Manual("SELECT * FROM (SELECT 1 AS x) CROSS JOIN (SELECT 2 AS x)", DUPLICATES),
    Manual(
        r"SELECT NORMALIZE('\u00ea') = NORMALIZE('\u0065\u0302') AS same, NORMALIZE('\u2168', NFKC) AS ix",
        NORMALIZE,
        ["BOOL", "STRING"],
        [[True, "IX"]],
    ),
    Manual(r"SELECT NORMALIZE_AND_CASEFOLD('\u0041\u030A')", f"{NORMALIZE}_AND_CASEFOLD", ["STRING"], [["å"]]),
    Manual(
        "SELECT FORMAT_DATETIME('%R %k %l %P', DATETIME '9999-12-31 23:59:59.999999')",
        "format elements: the oracle's C library does not know %k, %l and %P",
        ["STRING"],
        [["23:59 23 11 pm"]],
    ),
    Manual("SELECT CONTAINS_SUBSTR('the blue house', 'Blue house')", "string functions", ["BOOL"], [[True]]),
    Manual("SELECT CONTAINS_SUBSTR('the red house', 'blue')", "string functions", ["BOOL"], [[False]]),
    Manual("SELECT TO_BASE32(b'abcde\\xFF')", "string functions", ["STRING"], [["MFRGGZDF74======"]]),
    Manual("SELECT FROM_BASE32('MFRGGZDF74======')", "string functions", ["BYTES"], [["6162636465ff"]]),
    Manual("SELECT COLLATE('A', 'und:ci') = 'a'", "collation: case-insensitive", ["BOOL"], [[True]]),
    Manual(
        "SELECT MAX_BY(f, p) AS a, MIN_BY(f, p) AS b FROM UNNEST([STRUCT('fig' AS f, 1 AS p), ('pear', 3)])",
        "aggregate functions",
        ["STRING", "STRING"],
        [["pear", "fig"]],
    ),
    Manual("SELECT APPROX_COUNT_DISTINCT(x) FROM UNNEST([0, 1, 1, 2, 3, 5]) AS x", "approximate", ["INT64"], [[5]]),
    Manual(
        "SELECT APPROX_QUANTILES(x, 2) FROM UNNEST([1, 1, 1, 4, 5, 6, 7, 8, 9, 10]) AS x",
        "approximate",
        ["ARRAY<INT64>"],
        [[[1, 5, 10]]],
    ),
    Manual(
        "SELECT APPROX_TOP_COUNT(x, 2) FROM UNNEST(['apple', 'apple', 'pear', 'pear', 'pear', 'banana']) AS x",
        "approximate",
        ["ARRAY<STRUCT<value STRING, count INT64>>"],
        [[[["pear", 3], ["apple", 2]]]],
    ),
    Manual("SELECT NET.REG_DOMAIN('http://www.Example.Co.UK/x')", "net functions", ["STRING"], [["Example.Co.UK"]]),
    Manual("SELECT NET.PUBLIC_SUFFIX('http://www.example.com')", "net functions", ["STRING"], [["com"]]),
]
