"""One look at the bucket: the objects of each watched stream, as hashes that differ for each version."""

import hashlib
import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connections_file import globs
from orchestrator.arrivals.watched import Watched
from orchestrator.reading.objects import Files

HASH_BYTES = 8  # two of 100,000 objects have the same hash with a probability of 1 to 3,700,000,000
PAGE = 1000


@dataclass
class Seen:
    """The objects of one stream."""

    objects: set[bytes] = field(default_factory=set)
    """A hash of key, ETag and size of each object."""
    newest: float = 0.0
    """When the newest object was written, by the clock of S3, in seconds since 1970."""

    @property
    def digest(self) -> str:
        """One hash for all objects; empty if there are none."""
        return digest(self.objects)


@dataclass(frozen=True)
class Look:
    """What a look has found."""

    streams: dict[str, Seen]
    listed: int
    """The number of objects that S3 has listed, with those that no stream reads."""


def digest(objects: set[bytes]) -> str:
    """Return one hash for the hashes of objects; empty if there are none."""
    return hashlib.blake2b(b"".join(sorted(objects)), digest_size=HASH_BYTES).hexdigest() if objects else ""


def look(files: Files, streams: Sequence[Watched]) -> Look:
    """List the objects of all streams; each page of 1,000 objects is forgotten before the next one is asked for.

    Raises Failure if S3 does not answer.
    """
    found, listed = {stream.name: Seen() for stream in streams}, 0
    by_prefix = [(prefix, stream) for stream in streams for prefix in globs.prefixes(stream.globs)]
    todo = together({prefix for prefix, _ in by_prefix})
    while todo:
        beginning, parts = todo.pop()
        concerned = [(prefix, stream) for prefix, stream in by_prefix if prefix.startswith(beginning)]
        for page in files.pages(beginning):
            if len(page) == PAGE and parts:  # a folder with many objects: only the wanted prefixes are listed
                todo += [(part, ()) for part in parts]
                break
            listed += len(page)
            for item in page:
                key, version = item["Key"], None
                for stream in {stream.name: stream for prefix, stream in concerned if key.startswith(prefix)}.values():
                    if key.endswith("/") or not stream.reads(key):
                        continue
                    if version is None:
                        text = f"{key}\0{item['ETag']}\0{item['Size']}"
                        version = hashlib.blake2b(text.encode(), digest_size=HASH_BYTES).digest()
                    seen = found[stream.name]
                    seen.objects.add(version)
                    seen.newest = max(seen.newest, item["LastModified"].timestamp())
    return Look(found, listed)


def together(prefixes: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the prefixes to list; a folder replaces several prefixes in it.

    A request for each file of a folder would cost more than one for the folder.
    """
    top = globs.prefixes(prefixes)
    folders = Counter(posixpath.dirname(prefix) for prefix in top)
    found: dict[str, tuple[str, ...]] = {}
    for prefix in top:
        folder = posixpath.dirname(prefix)
        if folders[folder] > 1:
            inside = tuple(other for other in top if posixpath.dirname(other) == folder)
            found[f"{folder}/" if folder else ""] = inside
        else:
            found[prefix] = ()
    return list(found.items())
