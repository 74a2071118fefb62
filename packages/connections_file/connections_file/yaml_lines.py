"""YAML with the line of each value, for error messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

type Location = tuple[str | int, ...]

MERGE, TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"


class ConnectionsFileError(Exception):
    """The connections file is invalid. The text has file, line and path, and says what to do."""


class TextDates(yaml.SafeLoader):
    """Reads dates as text, because the values become JSON, which has no dates."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class Document:
    """The data of a YAML file and the line of each value."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises ConnectionsFileError if it is missing, is not YAML, or repeats a key."""
        self.path = path
        try:
            text = self._text = path.read_text(encoding="utf-8")
            loader = TextDates(text)
        except OSError as error:
            raise ConnectionsFileError(
                f"{path}: cannot be read ({error.strerror}).\nSet CONNECTIONS_FILE to the path of the file."
            ) from error
        except (UnicodeDecodeError, yaml.reader.ReaderError) as error:
            raise ConnectionsFileError(
                f"{path}: not a text file in UTF-8 ({str(error).splitlines()[0]}).\nSave it as UTF-8."
            ) from error
        try:
            node = loader.get_single_node()
            self._lines: dict[Location, int] = {}
            self._check_keys(node, ())
            self.data: Any = None if node is None else loader.construct_document(node)
            self._note(node, ())
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            # Inside {} and [], the brace of a reference ends an unquoted text.
            unquoted = any("${" in found for found in text.splitlines()[line - 1 : line])
            advice = ' Inside {} and [] a reference needs quotes: "${NAME}".' if unquoted else ""
            raise ConnectionsFileError(f"{path}:{line}: not valid YAML: {error.problem}.{advice}") from error
        except RecursionError:
            raise ConnectionsFileError(f"{path}: an anchor (&name) contains its own alias (*name).") from None
        finally:
            loader.dispose()

    def is_current(self) -> bool:
        """Return whether the file still has the text that was read."""
        try:
            return self.path.read_text(encoding="utf-8") == self._text
        except (OSError, UnicodeDecodeError):
            return False

    def where(self, location: Location) -> str:
        """Return file and line of a value; if the value does not exist, of the nearest value around it."""
        while location not in self._lines and location:
            location = location[:-1]
        return f"{self.path}:{self._lines.get(location, 1)}"

    def error(self, *mistakes: tuple[Location, str]) -> ConnectionsFileError:
        """Return an error with a line for each mistake: file, line, path and message."""
        return ConnectionsFileError(
            "\n".join(f"{self.where(location)}: {_path(location) or 'file'}: {text}" for location, text in mistakes)
        )

    def _note(self, node: yaml.Node | None, location: Location) -> None:
        if node is None:
            return
        self._lines.setdefault(location, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._note(item, (*location, index))
        elif isinstance(node, yaml.MappingNode):
            # Reversed, because a key from a merge (<<) comes before the key that overrides it.
            for key, value in reversed(node.value):
                self._lines.setdefault((*location, key.value), key.start_mark.line + 1)
                self._note(value, (*location, key.value))

    def _check_keys(self, node: yaml.Node | None, location: Location) -> None:
        """Make every key text, as in JSON: `no` and `2024` too. Raises ConnectionsFileError if a key is repeated."""
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._check_keys(item, (*location, index))
        elif isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    self._lines[location] = key.start_mark.line + 1
                    raise self.error((location, "a key must be text."))
                if key.value in seen:
                    self._lines[(*location, key.value)] = key.start_mark.line + 1
                    advice = "write <<: [*one, *two]" if key.value == "<<" else "remove one of the two"
                    raise self.error(((*location, key.value), f"duplicate key; {advice}."))
                seen.add(key.value)
                if key.tag != MERGE:
                    key.tag = TEXT
                self._check_keys(value, (*location, key.value))


def _path(location: Location) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
