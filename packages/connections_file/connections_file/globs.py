"""The globs of a file stream, as source-s3 matches them with the keys of its bucket."""

import re
from collections.abc import Iterable

from wcmatch.glob import GLOBSTAR, globmatch

# A file in an archive has the name archive.zip#file, so the archive's key ends before the #.
WILDCARD = re.compile(r"[*?\[\\]|[@!+]\(|(?<=\.zip)#")


def matches(key: str, glob: str) -> bool:
    """Return whether the connector reads this key. As in a shell, `*` does not match a dot in front of a name."""
    return bool(globmatch(key, glob, flags=GLOBSTAR))


def may_read(key: str, glob: str) -> bool:
    """Return whether the connector reads this object: the object itself, or a file in it if it is a .zip archive."""
    if not key.endswith(".zip"):
        return matches(key, glob)
    archive, separator, _ = glob.rpartition("#")
    return matches(f"{key}#", glob) or (bool(separator) and matches(key, archive))


def prefixes(globs: Iterable[str]) -> list[str]:
    """Return the prefixes of the keys that match the globs. Each key begins with exactly one of them."""
    found = sorted({WILDCARD.split(glob)[0] for glob in globs})
    return [prefix for prefix in found if not any(prefix.startswith(other) for other in found if other != prefix)]
