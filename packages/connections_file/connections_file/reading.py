"""Reads the connections file: expands references outside the configurations, then checks it.

Reading needs no secret: references in the configurations of sources and destinations are not replaced here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connections_file.contradictions import contradictions
from connections_file.expansion import ExpansionError, expand
from connections_file.inline_sources import lift
from connections_file.models import EXTENSION, ConnectionsFile
from connections_file.yaml_lines import Document, Location


def load(path: str | Path, environment: Mapping[str, str] = os.environ) -> ConnectionsFile:
    """Read and check the file. Raises ConnectionsFileError with file, line and path of each mistake."""
    document = Document(Path(path))
    lifted = lift(_expand(document, environment))
    try:
        file = ConnectionsFile.model_validate(lifted.content).bind(document, lifted, environment)
    except ValidationError as error:
        mistakes = ((lifted.place(item["loc"]), f"{item['msg']}.") for item in error.errors(include_url=False))
        raise document.error(*mistakes) from error
    if found := list(contradictions(file)):
        raise document.error(*found)
    return file


def _expand(document: Document, environment: Mapping[str, str]) -> Any:
    """Return the content with references replaced outside the configurations, and without the keys `x-…`."""

    def walk(value: Any, location: Location) -> Any:
        if isinstance(value, dict):
            return {
                key: item if _is_configuration((*location, key)) else walk(item, (*location, key))
                for key, item in value.items()
                if location or not str(key).startswith(EXTENSION)
            }
        if isinstance(value, list):
            return [walk(item, (*location, index)) for index, item in enumerate(value)]
        try:
            return expand(value, environment)
        except ExpansionError as error:
            raise document.error((location, f"{error}.")) from error

    return walk(document.data, ())


def _is_configuration(location: Location) -> bool:
    match location:
        case ("sources" | "destinations", _, "configuration") | ("connections", _, "source", "configuration"):
            return True
    return False
