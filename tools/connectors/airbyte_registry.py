"""Airbyte's public registry of connectors: looks a name up, and fetches a connector's files.

The registry is one JSON document (`…/registries/v0/oss_registry.json`) and, beside it, a folder for each version of a
connector (`…/metadata/airbyte/NAME/VERSION/`) with its manifest. The setting AIRBYTE_REGISTRY names the document: the
address of Airbyte, of a mirror with the same layout, or a file.
"""

from __future__ import annotations

import difflib
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tools.connectors.errors import ConnectorCommandError
from tools.direct import open_url

Way = Literal["pypi", "manifest", "image"]

NAME = re.compile(r"source-[a-z0-9]+(-[a-z0-9]+)*")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PACKAGE = re.compile(r"|[A-Za-z0-9][A-Za-z0-9._-]*")
IMAGE = re.compile(r"[a-z0-9][a-z0-9._/-]*")
SECONDS = 30.0
MOST_BYTES = 64 * 1024 * 1024
"""The largest answer that is read. The registry's document has about 10 MB."""
KNOWN_IDS = Path(__file__).with_name("known_ids.json")
"""The definition ids and titles of the sources that have a package on PyPI, for when the registry does not answer."""


@dataclass(frozen=True)
class Found:
    """A source connector in the registry."""

    name: str
    title: str
    definition_id: str
    way: Way
    version: str
    """The newest version; empty if it is not known."""
    package: str = ""
    """The package on PyPI; empty if there is none."""
    image: str = ""
    streams: tuple[str, ...] = ()
    """The streams that Airbyte suggests."""


class NotReachedError(ConnectorCommandError):
    """The registry, or a file of it, could not be fetched."""


class MissingError(NotReachedError):
    """The registry answers that it does not have the file."""


@dataclass(frozen=True)
class AirbyteRegistry:
    """Airbyte's registry, a mirror of it, or a file."""

    address: str

    def find(self, name: str) -> Found:
        """Return the entry of a source. Raises NotReachedError, and ConnectorCommandError for an unknown name."""
        entries = self.sources()
        entry = entries.get(name)
        if entry is None:
            text = f"{name} is not in the registry {self.address}."
            raise ConnectorCommandError(f"{text}{similar(name, entries) or ' Use the name of the image of Airbyte.'}")
        return found(name, entry)

    def sources(self) -> dict[str, dict[str, Any]]:
        """Return the entries of all sources by name. Raises NotReachedError."""
        content = self._read(self.address)
        if content.lstrip()[:1] == b"<":
            raise NotReachedError(
                f"{self.address} answered with a web page instead of the registry. A proxy or a login page may have "
                "answered."
            )
        try:
            document = json.loads(content)
            entries = {
                str(entry["dockerRepository"]).removeprefix("airbyte/"): entry
                for entry in document["sources"]
                if not entry.get("tombstone")
            }
        except ValueError as error:
            raise NotReachedError(
                f"{self.address} is not a registry of connectors: not valid JSON: {error}."
            ) from error
        except (KeyError, TypeError, AttributeError) as error:
            text = f"{self.address} is not a registry of connectors: `sources` is not a list of connectors in it."
            raise NotReachedError(text) from error
        return entries

    def file(self, name: str, version: str, file: str) -> bytes:
        """Return a file of one version of a connector. Raises MissingError, NotReachedError."""
        base, separator, _ = self.address.partition("/registries/")
        if not separator:
            raise NotReachedError(
                f"AIRBYTE_REGISTRY={self.address} has no manifests beside it: they are expected in the folder metadata "
                "beside the folder registries."
            )
        return self._read(f"{base}/metadata/airbyte/{name}/{version}/{file}")

    def _read(self, address: str) -> bytes:
        try:
            if not address.startswith(("http://", "https://")):
                if "://" in address:
                    raise NotReachedError(f"{address} is not an address of http or https, and not a file.")
                return Path(address).expanduser().read_bytes()
            request = urllib.request.Request(address, headers={"User-Agent": "data-platform"})
            with open_url(request, SECONDS) as answer:
                content = answer.read(MOST_BYTES + 1)
                expected = answer.headers.get("Content-Length")
        except FileNotFoundError as error:
            raise MissingError(f"{address}: no such file.") from error
        except urllib.error.HTTPError as error:
            kind = MissingError if error.code in (403, 404, 410) else NotReachedError
            raise kind(f"{address} answered with status {error.code}.") from error
        except (OSError, ValueError) as error:
            raise NotReachedError(f"{address} could not be reached: {getattr(error, 'reason', error)}.") from error
        if len(content) > MOST_BYTES:
            raise NotReachedError(f"{address} is larger than {MOST_BYTES // 1024**2} MiB. It was not read.")
        if expected is not None and int(expected) != len(content):
            raise NotReachedError(f"{address} ended after {len(content)} of {expected} bytes. Run the command again.")
        return content


def found(name: str, entry: dict[str, Any]) -> Found:
    """Return what the registry's entry says. Raises ConnectorCommandError if it lacks something."""
    try:
        tags, language = entry.get("tags") or [], entry.get("language")
        pypi = (entry.get("remoteRegistries") or {}).get("pypi") or {}
        way: Way = "image"
        if language == "manifest-only" or "language:manifest-only" in tags:
            way = "manifest"
        elif pypi.get("enabled"):
            way = "pypi"
        result = Found(
            name=name,
            title=entry["name"],
            definition_id=entry["sourceDefinitionId"],
            way=way,
            version=entry["dockerImageTag"],
            package=pypi.get("packageName", "") if pypi.get("enabled") else "",
            image=entry["dockerRepository"],
            streams=tuple((entry.get("suggestedStreams") or {}).get("streams") or ()),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ConnectorCommandError(f"The registry's entry of {name} is not complete: {error} is missing.") from error
    forms = ((UUID, result.definition_id), (VERSION, result.version), (IMAGE, result.image), (PACKAGE, result.package))
    wrong = [repr(text) for form, text in forms if not isinstance(text, str) or not form.fullmatch(text)]
    if wrong or not isinstance(result.title, str):
        raise ConnectorCommandError(f"The registry's entry of {name} is not valid: {', '.join(wrong) or result.title}.")
    return result


def similar(name: str, names: Iterable[str]) -> str:
    """Return a sentence with the names that the user may have meant; empty if there are none."""
    names = list(names)
    part = name.removeprefix("source-")
    close = [*difflib.get_close_matches(name, names, 3, 0.8), *sorted(other for other in names if part in other)]
    return f" Similar names: {', '.join(list(dict.fromkeys(close))[:8])}." if close else ""


def known_ids() -> dict[str, list[str]]:
    """Return the definition ids and titles of the sources that have a package on PyPI, by name."""
    known: dict[str, list[str]] = json.loads(KNOWN_IDS.read_text(encoding="utf-8"))
    return known


def without_registry(name: str, definition_id: str = "") -> Found | None:
    """Return a source that has a package on PyPI, from the list of known ids; None if its id is not known.

    A definition id never changes in Airbyte. The id that the user gives is used for a name that is not in the list.
    """
    known = known_ids().get(name)
    if known is None and not definition_id:
        return None
    identifier, title = known or (definition_id, name.removeprefix("source-").replace("-", " ").title())
    return Found(name, title, identifier, "pypi", "", f"airbyte-{name}", f"airbyte/{name}")
