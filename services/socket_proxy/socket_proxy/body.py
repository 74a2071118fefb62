"""Parses the body of a container creation: strict JSON, checked by models that list every allowed key."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError

from socket_proxy.errors import Refused


class Strict(BaseModel):
    """A model with exact key spelling and exact types; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", strict=True)


def decode(body: bytes) -> Any:
    """Decodes strict JSON: UTF-8, no repeated keys in any spelling, no NaN; raises Refused."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is not JSON", 400) from error


def first_mistake(error: ValidationError) -> str:
    """Returns the place and the message of the first error. Unusual characters in keys are escaped, as it is logged."""
    wrong = error.errors(include_input=False)[0]
    where = ".".join(ascii(str(part)[:40])[1:-1] for part in wrong["loc"]) or "the body"
    return f"{where}: {wrong['msg']}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name.casefold() for name, _ in pairs}) != len(pairs):
        raise Refused("a key is repeated in the body", 400)
    return dict(pairs)


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)
