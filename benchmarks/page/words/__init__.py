"""The prose of the page, as Markdown files; links are relative to the folder docs."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def words(name: str) -> str:
    """Return the text of one of the files, without the line break at its end."""
    return (FOLDER / f"{name}.md").read_text().rstrip("\n")
