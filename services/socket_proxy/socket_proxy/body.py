"""The body of a creation: strict JSON in, and models that know every key."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError

from socket_proxy.errors import Refused


class Strict(BaseModel):
    """Exact key spelling, exact types, no key that is not named."""

    model_config = ConfigDict(extra="forbid", strict=True)


def decode(body: bytes) -> Any:
    """Decodes strict JSON: UTF-8, no repeated keys in any spelling, no NaN; raises Refused."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is not JSON", 400) from error


def first_mistake(error: ValidationError) -> str:
    """Says where the first thing that is wrong is, and what; a key's odd characters are escaped, as it gets logged."""
    wrong = error.errors(include_input=False)[0]
    where = ".".join(ascii(str(part)[:40])[1:-1] for part in wrong["loc"]) or "the body"
    return f"{where}: {wrong['msg']}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name.casefold() for name, _ in pairs}) != len(pairs):
        raise Refused("a key is repeated in the body", 400)
    return dict(pairs)


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)
