"""The probes: queries without tables whose answers GoogleSQL gives (queries.sql)."""

from pathlib import Path

QUERIES = Path(__file__).with_name("queries.sql")


def queries() -> list[str]:
    """Return the statements of queries.sql; each ends with a semicolon at the end of a line."""
    lines = (line for line in QUERIES.read_text().splitlines() if not line.startswith("--"))
    return [
        statement.strip()
        for statement in "\n".join(lines).replace(";\n", ";\0").split(";\0")
        if statement.strip(" ;\n")
    ]
