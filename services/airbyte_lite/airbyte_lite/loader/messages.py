"""Lines of the Airbyte protocol, the odd ones too."""

import json
from typing import Any

import orjson

from airbyte_lite.loader.errors import SyncError


def parse(line: bytes) -> dict[str, Any] | None:
    """Return the message of a line, or None for other text; raises SyncError for a message that cannot be read."""
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _lenient(line)
    return message if isinstance(message, dict) and "type" in message else None


def _lenient(line: bytes) -> dict[str, Any] | None:
    """Read what strict JSON refuses and Python connectors write: NaN (as text: it will not cast), lone surrogates."""
    if not line.lstrip().startswith(b"{") or not line.endswith(b"\n"):  # text, or the last words of a killed process
        return None
    try:
        loose = json.loads(line.decode(errors="replace"), parse_constant=str)
        message = orjson.loads(json.dumps(loose, ensure_ascii=False).encode(errors="replace"))
    except ValueError:
        if b'"type"' not in line:
            return None
        raise SyncError(
            "The connector wrote a message that is not valid JSON; its records cannot be trusted."
        ) from None
    return message if isinstance(message, dict) and "type" in message else None
