"""What every body of a request has in common: null means omitted, and no field is ignored."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from airbyte_lite.api.fields import canonical
from airbyte_lite.problem import invalid_fields

NOT_IMPLEMENTED = "this server does not implement it; omit it (the page /docs lists the fields of this request)"


MOST_OTHERS = 100
"""Fields of one object that are named because they are not implemented."""


def _means_nothing(value: object) -> bool:
    """Return whether a field with this value has no effect: null, false, empty, or an object of such values."""
    if isinstance(value, dict):
        return all(map(_means_nothing, value.values()))
    return value in (None, False, "", [])


class Body(BaseModel):
    """A JSON body with camelCase names. Null means that a field is omitted.

    A field that is not declared would have no effect. It is refused, unless its value means nothing: generated clients
    send such values for every field of Airbyte's.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", str_min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        known = {field.alias or name for name, field in cls.model_fields.items()}
        others = {name for name, value in given.items() if name not in known and not _means_nothing(value)}
        if len(others) > MOST_OTHERS:
            raise ValueError(f"an object with {len(others)} fields that this server does not implement")
        return {name: value for name, value in given.items() if name in others or (name in known and value is not None)}


UNCHANGEABLE = "this request cannot change it; omit it, or send the value that GET shows"

READ_ONLY = {"updatedAt", "statusReason"}
"""Fields that the server sets. A client that sends back an older value does not want to change them."""


class Change(Body):
    """A change of an object. Clients may send the whole object back, as a GET has shown it."""

    model_config = ConfigDict(extra="allow")

    def refuse_others(self, shown: dict[str, Any]) -> None:
        """Raise a 422 Problem for fields that this request cannot change, unless they are as the object has them."""
        others = {
            name
            for name, value in (self.model_extra or {}).items()
            if shown.get(name, ...) != (canonical(value) if isinstance(value, str) else value)
        }
        if refused := sorted(others - READ_ONLY):
            raise invalid_fields(
                {f"body.{name}": UNCHANGEABLE if name in shown else NOT_IMPLEMENTED for name in refused}
            )
