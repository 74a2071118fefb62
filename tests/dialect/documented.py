"""The functions of BigQuery's manual, and where each is checked."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = [
    name
    for line in (FOLDER / "documented.txt").read_text().splitlines()
    if not line.startswith("#")
    for name in line.split()
]
# The emulator has none of these and says so: encryption, sketches, objects, text analysis, change history.
REFUSED_PREFIXES = ("AEAD.", "DETERMINISTIC_", "DLP_", "KEYS.", "KLL_QUANTILES.", "OBJ.")
REFUSED = {
    *("APPENDS", "BAG_OF_WORDS", "CHANGES", "DESTINATION_NODE_ID", "EXTERNAL_OBJECT_TRANSFORM", "EXTERNAL_QUERY"),
    *("GAP_FILL", "RANGE_SESSIONIZE", "TEXT_ANALYZE", "TF_IDF", "VECTOR_SEARCH", "SESSION_USER"),
}
# Their answers are never the same twice, or are estimates: nothing to compare with.
WITHOUT_ANSWER = {
    *("CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME", "CURRENT_TIMESTAMP", "ERROR", "GENERATE_UUID", "RAND"),
    *("HLL_COUNT.EXTRACT", "HLL_COUNT.INIT", "HLL_COUNT.MERGE", "HLL_COUNT.MERGE_PARTIAL", "SEARCH"),
}


def refused() -> list[str]:
    """Return the functions that the emulator refuses."""
    return [name for name in NAMES if name in REFUSED or name.startswith(REFUSED_PREFIXES)]


def checked() -> set[str]:
    """Return the functions that a template, a query or a row of the manual calls."""
    files = ("templates.txt", "queries.sql", "manual.py")
    text = "\n".join((FOLDER / file).read_text() for file in files)
    return {name.upper().removeprefix("SAFE.") for name in re.findall(r"\b([A-Za-z_][\w.]*)\(", text)}
