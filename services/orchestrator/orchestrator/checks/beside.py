"""Files beside those of a stream that no glob matches, although one nearly does: `a.CSV` beside `*.csv`.

They are told with the row count. A name in another case, or with the ending of a compression, is a warning, because it
is mostly meant to be loaded. A hidden file and one with another ending, such as `a.csv.bak`, are only noted.
"""

import re
from collections.abc import Collection, Iterable

import dagster as dg
from wcmatch.glob import DOTGLOB, GLOBSTAR, IGNORECASE, globmatch

from connections_file import globs
from orchestrator.checks.findings import SHOWN
from orchestrator.files import COMPRESSIONS

MOST = 100
"""So many files are kept."""
WARNING = "Add a glob, rename the file, or move it to another folder; then make apply and run again."


class Beside:
    """Collects the keys that a listing passes over."""

    def __init__(self, own: Iterable[str], elsewhere: Collection[str]) -> None:
        """Take the globs of the stream, and those of all streams: what another one reads is not told."""
        # A glob without a wildcard names one file, beside which others may well lie.
        self._own = [
            (glob, re.split(r"[*?\[\]\\]", glob)[-1].lower())
            for glob in own
            if globs.WILDCARD.search(glob.rpartition("/")[2])
        ]
        self._elsewhere = elsewhere
        self.warned: dict[str, str] = {}
        """The files that are probably meant to be loaded, with the reason."""
        self.noted: dict[str, str] = {}
        """The others."""

    def note(self, key: str) -> None:
        """Take a key that no glob of the stream matches."""
        if key.endswith("/") or not self._own or len(self.warned) + len(self.noted) >= MOST:
            return
        lower = key.lower()
        for glob, end in self._own:
            # The end of the glob is a part of such a key: most other keys of a large bucket need no comparison.
            reason, is_probable = _nearly(key, glob) if end in lower else ("", False)
            if reason:
                if not any(globs.may_read(key, other) for other in self._elsewhere):
                    (self.warned if is_probable else self.noted)[key] = reason
                return

    def told_with(self, verdict: dg.AssetCheckResult, loaded: Collection[str]) -> dg.AssetCheckResult:
        """Return the verdict on the row count with these files. `loaded` are the files of the stream."""
        # A compressed copy beside the file itself has nothing more to load.
        warned = {key: why for key, why in self.warned.items() if _uncompressed(key) not in loaded}
        others = self.noted | {key: why for key, why in self.warned.items() if key not in warned}
        if not warned and not others:
            return verdict
        metadata = dict(verdict.metadata)
        if others:
            metadata["not_loaded_beside_the_globs"] = dg.MetadataValue.text(_listed(others))
        said = (verdict.description or "").removesuffix(".")
        return dg.AssetCheckResult(
            asset_key=verdict.asset_key,
            check_name=verdict.check_name,
            passed=verdict.passed and not warned,
            severity=dg.AssetCheckSeverity.WARN if verdict.passed and warned else verdict.severity,
            description=f"{said}. Not loaded: {_listed(warned)}. {WARNING}" if warned else verdict.description,
            metadata=metadata,
        )


def _nearly(key: str, glob: str) -> tuple[str, bool]:
    """Return why a glob does not match a key, and whether the file is probably meant; an empty text: it is far off."""
    if globmatch(key, glob, flags=GLOBSTAR | IGNORECASE):
        return f"{glob!r} does not match it, because upper and lower case are different", True
    plain = _uncompressed(key)
    if plain != key and globs.matches(plain, glob):
        ending = key.removeprefix(plain)
        other = f"{glob.rpartition('/')[0]}/*.zip#*".lstrip("/") if ending == ".zip" else f"{glob}{ending}"
        return f"{glob!r} does not match the ending {ending}; {other!r} does", True
    if globmatch(key, glob, flags=GLOBSTAR | DOTGLOB):
        return f"{glob!r} does not match a dot in front of a name", False
    shorter = key[:-1] if key.endswith("~") else re.sub(r"\.[^./]*$", "", key)
    if shorter != key and globs.matches(shorter, glob):
        return f"{glob!r} does not match the ending {key.removeprefix(shorter)}", False
    return "", False


def _uncompressed(key: str) -> str:
    return next((key.removesuffix(ending) for ending in COMPRESSIONS if key.endswith(ending)), key)


def _listed(files: dict[str, str]) -> str:
    first = "; ".join(f"{key} ({why})" for key, why in sorted(files.items())[:SHOWN])
    return first + (f"; and {len(files) - SHOWN} more files" if len(files) > SHOWN else "")
