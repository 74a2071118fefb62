"""The files of the seed folder: which are uploaded to which key, and why the others are not."""

from __future__ import annotations

import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".avro", ".xlsx")
COMPRESSED = (".gz", ".bz2", ".zip")
DOCUMENTS = ("README.md",)
"""Files about the data, not reported."""


@dataclass(frozen=True)
class SeedFile:
    """One entry of the seed folder; `refused` says why it is not uploaded."""

    path: Path
    name: str
    """The path below the folder, with `/` between its parts."""
    refused: str = ""


def seed_files(folder: Path) -> list[SeedFile]:
    """Return every entry below the folder, sorted by name. A folder is not followed if it is hidden or a link."""
    return sorted(_entries(folder, folder), key=lambda entry: entry.name)


def _entries(folder: Path, top: Path) -> Iterator[SeedFile]:
    try:
        paths = list(folder.iterdir())
    except OSError as error:
        yield _entry(folder, top, f"the folder cannot be read ({error.strerror})")
        return
    for path in paths:
        if path.name.startswith("."):
            yield _entry(path, top, "it is hidden: its name begins with a dot")
        elif path.is_dir() and path.is_symlink():
            yield _entry(path, top, "it is a link to a folder")
        elif path.is_dir():
            yield from _entries(path, top)
        elif path.relative_to(top).as_posix() not in DOCUMENTS:
            yield _entry(path, top, _reason(path))


def _entry(path: Path, top: Path, refused: str) -> SeedFile:
    return SeedFile(path, path.relative_to(top).as_posix(), refused)


def _reason(path: Path) -> str:
    """Return why a file is not uploaded, or an empty text."""
    try:
        path.name.encode()
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return "it is not a regular file"
        if not _is_data(path):
            return f"its name does not end in {', '.join(DATA)} (compressed: {', '.join(COMPRESSED)} behind it)"
        if found.st_size == 0:
            return "it is empty"
        if any(unicodedata.category(character) == "Cc" for character in path.name):
            return "its name has a control character, such as a line break"
        with path.open("rb"):
            return ""
    except OSError as error:
        broken = " (a link to a missing file)" if path.is_symlink() else ""
        return f"it cannot be read: {error.strerror}{broken}"
    except UnicodeEncodeError:
        return "its name is not UTF-8"


def _is_data(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes = suffixes[:-1] or [DATA[0]]
    return bool(suffixes) and suffixes[-1] in DATA
