"""Finds globs that source-s3 reads in another way than they are probably meant.

The connector matches a glob with the whole key, with wcmatch and its flag GLOBSTAR only: `*`, `?`, `[ab]`, `[!a]`, and
`**` as a whole part of the path. A backslash makes the next character literal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connections_file.columns import stream_options
from connections_file.yaml_lines import Location

CONNECTOR = "source-s3"
MOST_SHOWN = 5
REGULAR_EXPRESSION = re.compile(r"\\\.(?!/)|\\[dDwWsSbB][+*{]|^\^|\.\w+\$$|\.\+")


def glob_mistakes(connector: str, configuration: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    """Yield place (in the configuration) and description of each glob with another syntax."""
    for position, options in stream_options(connector, configuration) if connector == CONNECTOR else ():
        globs = options.get("globs")
        for index, glob in enumerate(globs if isinstance(globs, list) else []):
            if isinstance(glob, str) and "${" not in glob and (text := mistake(glob)):
                yield ("streams", position, "globs", index), f"the glob {glob!r}: {text}"


def mistake(glob: str) -> str | None:
    """Return what is wrong with a glob, and the right spelling; None if it is right."""
    return next((text for find in _FINDERS if (text := find(glob))), None)


def _address(glob: str) -> str | None:
    if found := re.match(r"[a-z][a-z0-9+.-]+://[^/]*/?", glob, re.IGNORECASE):
        return f"a glob is matched with the key, without the bucket. Write {glob[found.end() :] or '**'!r}."
    return None


def _blanks(glob: str) -> str | None:
    if not glob.strip():
        return "it is empty, so it matches no key. Write '**' for all files."
    if glob.strip() == glob:
        return None
    literal = _literal("the blank", "[ ]")
    return f"it begins or ends with a blank, so the key would have to have it. Write {glob.strip()!r}.{literal}"


def _regular_expression(glob: str) -> str | None:
    if not REGULAR_EXPRESSION.search(_without_backslashes(glob)):
        return None
    spelled = re.sub(r"\.[*+]", "*", glob.removeprefix("^").removesuffix("$")).replace(r"\.", ".")
    shown = f"Write {spelled!r}" if not re.search(r"[\\()|^$+]", spelled) else "Write for example '*.csv'"
    return f"it looks like a regular expression, but it is read as a glob. {shown}."


def _backslash(glob: str) -> str | None:
    # A backslash in front of a special character is right, but `\*` and `\?` are rather parts of a Windows path.
    if not (found := re.search(r"\\([^\[\]{}()!+@|,~#/. -]|$)", _without_backslashes(glob))):
        return None
    literal = _literal(f"a {found[1]}", f"[{found[1]}]") if found[1] in ("*", "?") else ""
    slashes = re.sub(r"^([A-Za-z]:)?/+", "", glob.replace("\\", "/"))
    slashes += "*" if slashes.endswith("/") or not slashes else ""
    return (
        "a backslash makes the next character literal; the folders of a key are separated by /. "
        f"Write {slashes!r}.{literal}"
    )


def _braces(glob: str) -> str | None:
    found = re.search(r"\{([^{}]*(?:,|\.\.)[^{}]*)\}", _plain(glob))
    if not found:
        return None
    parts = glob[slice(*found.span(1))].split(",")
    spelled = [f"{glob[: found.start()]}{part}{glob[found.end() :]}" for part in parts]
    shown = f"Write each glob: {_listed(spelled)}." if len(parts) > 1 else "Write a glob for each, or a range as [1-3]."
    return f"braces have no meaning in it, so the key would have to have them. {shown}{_literal('a {', '[{]')}"


def _patterns(glob: str) -> str | None:
    plain = _plain(glob)
    if found := re.search(r"!\(([^()]*)\)", plain):
        return (
            f"{found[0]} has no meaning in it, so the key would have to have it. A glob cannot exclude keys, but one "
            f"character with [!a]: put the files into folders of their own.{_literal('a (', '[(]')}"
        )
    if found := re.search(r"[?*+@]?\(([^()]*\|[^()]*)\)|[+@]\([^()]*\)", plain):
        parts = (found[1] or "").split("|")
        spelled = [f"{glob[: found.start()]}{part}{glob[found.end() :]}" for part in parts] if len(parts) > 1 else []
        shown = f"Write each glob: {_listed(spelled)}." if spelled else "Write a glob for each."
        return f"{found[0]} has no meaning in it, so the key would have to have it. {shown}{_literal('a (', '[(]')}"
    if glob.startswith("!"):
        literal = _literal("it", f"'\\{glob}'")
        return f"a glob cannot exclude keys, so the key would have to begin with the !.{literal}"
    return None


def _several(glob: str) -> str | None:
    plain = _plain(glob)
    parts = [part.strip() for part in re.split(r"[|,;]", glob)]
    is_list = "|" in plain or (len(parts) > 1 and all(re.search(r"\.\w+$", part) for part in parts))
    if not is_list or plain != glob:
        return None
    separator = next(each for each in "|,;" if each in glob)
    literal = _literal(f"the {separator!r}", f"[{separator}]")
    return f"it is one glob, and looks like several. Write each: {_listed(parts)}.{literal}"


def _stars(glob: str) -> str | None:
    part = next((part for part in glob.split("/") if "**" in _plain(part) and part != "**"), None)
    if part is None:
        return None
    before, after = re.split(r"\*{2,}", part, maxsplit=1)
    deep = f"{before}*/**/*{after}" if before and after else f"**/*{after}" if after else f"{before}/**".lstrip("/")
    flat = f"{before}*{after}"
    return (
        f"** goes into folders only if it is a whole part of the path; in {part!r} it is one *. Write "
        f"{glob.replace(part, deep, 1)!r} for the files of all folders below, or {glob.replace(part, flat, 1)!r} for "
        "those of one folder."
    )


def _beginning(glob: str) -> str | None:
    if found := re.match(r"(\.?/)+", glob):
        return f"the key would have to begin with {found[0]!r}. Write {glob[found.end() :] or '**'!r}." + _literal(
            "it", f"'\\{glob}'"
        )
    return None


def _end(glob: str) -> str | None:
    if glob.endswith("/"):
        return f"it ends with /, which no file does. Write {glob + '*'!r}, or with all folders below {glob + '**'!r}."
    return None


_FINDERS: tuple[Callable[[str], str | None], ...] = (
    _address,
    _blanks,
    _regular_expression,
    _backslash,
    _braces,
    _patterns,
    _several,
    _stars,
    _beginning,
    _end,
)


def _literal(what: str, spelled: str) -> str:
    return f" If the key has {what}, write {spelled}."


def _without_backslashes(glob: str) -> str:
    """Return the glob with place holders for backslashes that are meant as such."""
    return glob.replace(r"\\", "__")


def _plain(glob: str) -> str:
    """Return the glob with place holders for escaped characters and for lists of characters, such as `[{]`."""
    return re.sub(r"\\.|\[[!^]?\]?[^\]]*\]", lambda found: "_" * len(found[0]), glob)


def _listed(globs: list[str]) -> str:
    more = f" and {len(globs) - MOST_SHOWN} more" if len(globs) > MOST_SHOWN else ""
    return ", ".join(map(repr, globs[:MOST_SHOWN])) + more
