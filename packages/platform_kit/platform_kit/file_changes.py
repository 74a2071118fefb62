"""A set of changes of files: shown as a diff, then made completely or not at all.

A journal on the disk names what is being written, so that the next command takes back what a killed one left.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platform_kit.locks import LockedError, exclusive

DRAFT = ".draft"


class ChangesError(Exception):
    """The changes could not be made. The message says what happened, where, why, and what to do."""


@dataclass
class Changes:
    """The changes of one command, below one folder."""

    root: Path
    copies: list[tuple[Path, Path]] = field(default_factory=list)
    """A file and the path of its copy, which does not exist."""
    texts: dict[Path, str] = field(default_factory=dict)
    """The new content of text files, new ones or changed ones; in this order they are written."""
    deleted: list[Path] = field(default_factory=list)
    before: dict[Path, str] = field(default_factory=dict)
    """What the changed text files contained when their new content was made; the other texts are new files."""
    kept: dict[Path, str] = field(default_factory=dict)
    """The copies that stay, each with the connection that reads it too."""
    long: dict[Path, str] = field(default_factory=dict)
    """For large text files, such as a lock of 2,000 lines: the sentence that the diff shows instead of their
    content.
    """

    def __post_init__(self) -> None:
        """Note the state of what is deleted, so that an edit made before `make` is seen."""
        self._stamps = {path: _stamp(path) for path in self.deleted}

    def diff(self) -> Iterator[str]:
        """Yield the lines of the diff."""
        for source, target in self.copies:
            yield f"copy {source} to {self._shown(target)} ({source.stat().st_size:,} bytes)"
        for path, text in self.texts.items():
            if path in self.long:
                yield f"write {self._shown(path)}: {self.long[path]}"
            else:
                yield from self._one(path, self.before.get(path), text)
        for path in self.deleted:
            if path.suffix in {".sql", ".yml", ".md"}:
                yield from self._one(path, _read(path), None)
            else:
                yield f"delete {self._shown(path)} ({path.stat().st_size:,} bytes)"
        for path, connection in self.kept.items():
            yield f"keep {self._shown(path)}: the connection {connection!r} reads it too"

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
        """Make all changes. After an error nothing is changed.

        Raises ChangesError when a file cannot be written, or is not any more what the diff was made from.
        """
        self._require_unchanged()
        originals = {str(path): text for path, text in self.before.items()}
        deleted = [str(path) for path in self.deleted]
        noted = {"new": [str(path) for path in self._new()], "originals": originals, "deleted": deleted}
        noted |= {"written": self._written()}
        try:
            journal.parent.mkdir(parents=True, exist_ok=True)
            _put(journal, json.dumps(noted))
            for draft, path in list(self._drafts()):
                draft.replace(path)
            for path in self.deleted:
                path.replace(_draft(path))
            _put(journal, json.dumps({"remove": deleted}))  # from here on nothing is taken back
        except OSError as error:
            take_back(journal)
            raise ChangesError(f"{_reason(error)}. Nothing was changed.") from error
        _finish(deleted, journal)

    def _new(self) -> list[Path]:
        return [target for _, target in self.copies] + [path for path in self.texts if path not in self.before]

    def _written(self) -> dict[str, str]:
        """Return the digest of what each file will contain, so that an edit after an interruption is seen."""
        copies = {str(target): _digest(source.read_bytes()) for source, target in self.copies}
        return copies | {str(path): _digest(text.encode()) for path, text in self.texts.items()}

    def _require_unchanged(self) -> None:
        changed = [path for path in self._new() if path.exists()]
        changed += [path for path, text in self.before.items() if not path.exists() or _read(path) != text]
        changed += [path for path, stamp in self._stamps.items() if _stamp(path) != stamp]
        if changed:
            raise ChangesError(
                f"{changed[0]} was changed after the diff was made. Nothing was written. Run the command again."
            )

    def _drafts(self) -> Iterator[tuple[Path, Path]]:
        """Write each content beside its place; a rename then puts it there."""
        for source, target in self.copies:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, _draft(target))
            yield _draft(target), target
        for path, text in self.texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            yield _written_draft(path, text), path


@contextmanager
def only_one(journal: Path, commands: str) -> Iterator[None]:
    """Keep other commands away from the journal, which names what this one writes. Raises ChangesError.

    `commands` names the commands that use the journal, for the message.
    """
    journal.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(journal.with_suffix(".lock")))
        except LockedError as error:
            raise ChangesError(
                f"another {commands} runs in this checkout. Answer its question, or end it with Ctrl+C. "
                "Then run this command again."
            ) from error
        yield


def _reason(error: OSError) -> str:
    """Return what happened, and the file if the error has it: one of a write has not."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)


def take_back(journal: Path) -> bool:
    """Undo the changes of a command that did not end; return whether there was one. Raises ChangesError."""
    try:
        _draft(journal).unlink(missing_ok=True)
        return _undo(journal) if journal.exists() else False
    except OSError as error:
        raise ChangesError(
            f"{_reason(error)}. The changes of an interrupted command were not undone completely. "
            "Correct the cause, then run the same command again: it continues to undo them."
        ) from error


def _undo(journal: Path) -> bool:
    noted = json.loads(_read(journal))
    if "remove" in noted:
        _finish(noted["remove"], journal)
        return False
    _require_unedited(noted, journal)
    for path in map(Path, noted["new"]):
        path.unlink(missing_ok=True)
        _draft(path).unlink(missing_ok=True)
        _remove_empty(path.parent, journal.parent.parent)
    for name, text in noted["originals"].items():
        _draft(Path(name)).unlink(missing_ok=True)
        if not Path(name).exists() or _read(Path(name)) != text:
            _put(Path(name), text)
    for path in map(Path, noted["deleted"]):
        if _draft(path).exists():
            _draft(path).replace(path)
    journal.unlink()
    return True


def _require_unedited(noted: dict[str, Any], journal: Path) -> None:
    """Raise ChangesError if a file is neither as the interrupted command found it nor as it wrote it."""
    for name, written in noted.get("written", {}).items():
        original = noted["originals"].get(name)
        expected = {written} | ({_digest(original.encode())} if original is not None else set())
        if Path(name).exists() and _digest(Path(name).read_bytes()) not in expected:
            raise ChangesError(
                f"{name} was edited after an interrupted command had written it. To take that command back would lose "
                f"the edit, so nothing was changed. To keep all files as they are: rm {journal}. Or undo the edit. "
                "Then run this command again."
            )


def _finish(deleted: list[str], journal: Path) -> None:
    """Remove the files that the changes delete. Until now they were only renamed."""
    for path in map(Path, deleted):
        _draft(path).unlink(missing_ok=True)
        _remove_empty(path.parent, journal.parent.parent)
    journal.unlink()


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}{DRAFT}")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", newline="")


def _put(path: Path, text: str) -> None:
    """Write a file so that it has the old content or the new one, also on a full disk."""
    _written_draft(path, text).replace(path)


def _written_draft(path: Path, text: str) -> Path:
    with _draft(path).open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        shutil.copymode(path, _draft(path))
    return _draft(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stamp(path: Path) -> tuple[int, int] | None:
    return (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_relative_to(top) and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
