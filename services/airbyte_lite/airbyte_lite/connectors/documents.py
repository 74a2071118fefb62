"""Leaves out what only reading documents needs (PDF, Word, PowerPoint) when the S3 connector is imported.

airbyte-cdk 7.39.1 imports nltk, unstructured and the readers of Word and PowerPoint with every file-based connector,
and downloads data for nltk if it has none. That is a third of the time of the import and 34 MB in the fork server. A
command with a stream of documents imports them itself. The module is installed before the connector is imported.
"""

import sys
import threading
from importlib import import_module
from types import ModuleType
from typing import Any

MODULE = "airbyte_cdk.sources.file_based.file_types.unstructured_parser"


class DocumentParser:
    """Takes the place of airbyte-cdk's UnstructuredParser, and imports it when an attribute is used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parser: Any = None

    def __getattr__(self, name: str) -> Any:
        """Return the parser's attribute. Raises ImportError if a library is not installed."""
        with self._lock:
            if self._parser is None:
                if isinstance(sys.modules.get(MODULE), _StandIn):
                    del sys.modules[MODULE]
                self._parser = import_module(MODULE).UnstructuredParser()
        return getattr(self._parser, name)


class _StandIn(ModuleType):
    """The module before it is imported."""

    UnstructuredParser = DocumentParser


def install() -> None:
    """Let the import of the connector find the stand-in instead of the module."""
    sys.modules[MODULE] = _StandIn(MODULE)
