"""A set of changes of files: shown as a diff, then made completely or not at all.

A journal on the disk names what is being written, so that the next command takes back what a killed one left.
"""

import difflib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.new_source.errors import SourceError

DRAFT = ".new-source-draft"


@dataclass
class Changes:
    """The changes of one command, below one folder."""

    root: Path
    copies: list[tuple[Path, Path]] = field(default_factory=list)
    """A file and the path of its copy, which does not exist or has the same content."""
    texts: dict[Path, str] = field(default_factory=dict)
    """The new content of text files, new ones or changed ones; in this order they are written."""
    deleted: list[Path] = field(default_factory=list)

    def diff(self) -> Iterator[str]:
        """Yield the lines of the diff."""
        for source, target in self.copies:
            if not target.exists():
                yield f"copy {source} to {self._shown(target)} ({source.stat().st_size:,} bytes)"
        for path, text in self.texts.items():
            yield from self._one(path, _read(path) if path.exists() else None, text)
        for path in self.deleted:
            if path.suffix in {".sql", ".yml", ".md"}:
                yield from self._one(path, _read(path), None)
            else:
                yield f"delete {self._shown(path)} ({path.stat().st_size:,} bytes)"

    def _one(self, path: Path, before: str | None, after: str | None) -> Iterator[str]:
        old, new = (f"{side}/{self._shown(path)}" for side in "ab")
        lines = difflib.unified_diff(
            (before or "").splitlines(),
            (after or "").splitlines(),
            "/dev/null" if before is None else old,
            "/dev/null" if after is None else new,
            lineterm="",
        )
        yield from lines

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root) if path.is_relative_to(self.root) else path)

    def make(self, journal: Path) -> None:
        """Make all changes. After an error nothing is changed. Raises SourceError when a file cannot be written."""
        new = [target for _, target in self.copies if not target.exists()]
        new += [path for path in self.texts if not path.exists()]
        originals = {str(path): _read(path) for path in self.texts if path.exists()}
        deleted = [str(path) for path in self.deleted]
        noted = {"new": [str(path) for path in new], "originals": originals, "deleted": deleted}
        try:
            journal.parent.mkdir(parents=True, exist_ok=True)
            _write(journal, json.dumps(noted))
            for draft, path in list(self._drafts()):
                draft.replace(path)
            for path in self.deleted:
                path.replace(_draft(path))
        except OSError as error:
            take_back(journal)
            raise SourceError(f"{error.filename}: {error.strerror}. Nothing was changed.") from error
        _write(journal.with_suffix(".draft"), json.dumps({"remove": deleted}))
        journal.with_suffix(".draft").replace(journal)  # from here on nothing is taken back
        _finish(deleted, journal)

    def _drafts(self) -> Iterator[tuple[Path, Path]]:
        """Write each content beside its place; a rename then puts it there."""
        for source, target in self.copies:
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, _draft(target))
                yield _draft(target), target
        for path, text in self.texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(_draft(path), text)
            if path.exists():
                shutil.copymode(path, _draft(path))
            yield _draft(path), path


def take_back(journal: Path) -> bool:
    """Undo the changes of a command that did not end; return whether there was one."""
    if not journal.exists():
        return False
    noted = json.loads(_read(journal))
    if "remove" in noted:
        _finish(noted["remove"], journal)
        return False
    for path in map(Path, noted["new"]):
        path.unlink(missing_ok=True)
        _draft(path).unlink(missing_ok=True)
        _remove_empty(path.parent, journal.parent.parent)
    for name, text in noted["originals"].items():
        _write(Path(name), text)
        _draft(Path(name)).unlink(missing_ok=True)
    for path in map(Path, noted["deleted"]):
        if _draft(path).exists():
            _draft(path).replace(path)
    journal.unlink()
    return True


def _finish(deleted: list[str], journal: Path) -> None:
    """Remove what the changes deleted; until here it had another name only."""
    for path in map(Path, deleted):
        _draft(path).unlink(missing_ok=True)
        _remove_empty(path.parent, journal.parent.parent)
    journal.unlink()


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}{DRAFT}")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", newline="")


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_relative_to(top) and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
