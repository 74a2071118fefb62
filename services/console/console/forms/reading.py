"""Makes the tree of fields from a specification."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from console.forms.descriptions import plain_text
from console.forms.fields import MISSING, Field, Kind

type Schema = dict[str, Any]

LAST = 10**9
"""The order of a field that has none: after all that have one."""
DEEPEST = 12
"""Levels. A schema that refers to itself has no end; below this level, a value is entered as JSON."""
MOST = 5_000
"""Schemas. A specification that refers to itself several times at each level has millions of them."""
PLAIN = {"string": Kind.TEXT, "number": Kind.NUMBER, "integer": Kind.INTEGER, "boolean": Kind.BOOLEAN}


def read_specification(specification: Schema) -> Field:
    """Return the root of the form: a group, or a choice if the configuration itself is a oneOf.

    Raises ValueError if the specification has more than MOST schemas, or one that is not valid.
    """
    titles = {
        str(group.get("id")): str(group.get("title") or "")
        for group in specification.get("groups") or []
        if isinstance(group, dict)
    }
    return _Reader(specification, titles).field("", specification, required=True, level=0)


class _Reader:
    def __init__(self, root: Schema, titles: dict[str, str]) -> None:
        self._root = root
        self._titles = titles
        self._read = 0

    def field(self, key: str, given: Any, *, required: bool, level: int) -> Field:
        """Return the field of one schema. Raises ValueError with the key of a field whose schema is not valid."""
        try:
            return self._field(key, given, required=required, level=level)
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"the schema of {key or 'the whole configuration'}: {error}") from error

    def _field(self, key: str, given: Any, *, required: bool, level: int) -> Field:
        schema = self._resolved(given)
        facts = self._facts(key, schema, required)
        alternatives = self._alternatives(schema)
        if "const" in schema or _single(schema):
            constant = schema["const"] if "const" in schema else schema["enum"][0]
            return Field(**facts, kind=Kind.CONSTANT, constant=constant)
        if level >= DEEPEST:
            return Field(**facts, kind=Kind.JSON)
        if len(alternatives) > 1:
            branches = tuple(
                self.field(key, self._branch(schema, one), required=True, level=level + 1) for one in alternatives
            )
            return Field(**facts, kind=Kind.ONE_OF, branches=branches)
        if schema.get("enum"):
            return Field(**facts, kind=Kind.CHOICE, choices=tuple(one for one in schema["enum"] if one is not None))
        return self._typed(facts, key, schema, level)

    def _typed(self, facts: dict[str, Any], key: str, schema: Schema, level: int) -> Field:
        kind = _type(schema)
        if kind == "array" and isinstance(schema.get("items"), dict):
            # The words for people stand at the list, the pattern at its items.
            shared = {word: schema[word] for word in ("pattern_descriptor", "examples") if word in schema}
            items = shared | self._resolved(schema["items"])
            return Field(**facts, kind=Kind.LIST, item=self.field(key, items, required=True, level=level + 1))
        if kind == "object":
            fields = self._fields(schema, level)
            if fields and (facts["required"] or level == 0):
                return Field(**facts, kind=Kind.GROUP, fields=fields)
            if fields:  # an object that may be left out is a choice with one branch
                inner = Field(**facts | {"required": True, "advanced": False}, kind=Kind.GROUP, fields=fields)
                return Field(**facts, kind=Kind.ONE_OF, branches=(inner,))
            more = schema.get("additionalProperties")
            if isinstance(more, dict) and _type(self._resolved(more)) in {*PLAIN, "object", "array"}:
                return Field(**facts, kind=Kind.MAP, item=self.field("", more, required=True, level=level + 1))
        return Field(**facts, kind=PLAIN.get(kind, Kind.JSON))

    def _fields(self, schema: Schema, level: int) -> tuple[Field, ...]:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        names = schema.get("required") or []
        if not isinstance(names, list):
            raise TypeError(f"required is not a list of names, but {names!r}")
        required = set(names)
        named = [(key, self._resolved(given)) for key, given in properties.items() if isinstance(given, dict)]
        # sorted() keeps the order of the specification where two fields have the same order.
        named.sort(key=lambda one: _order(one[1]))
        return tuple(self.field(key, one, required=key in required, level=level + 1) for key, one in named)

    def _facts(self, key: str, schema: Schema, required: bool) -> dict[str, Any]:
        shown = required or bool(schema.get("always_show"))
        return {
            "key": key,
            "title": str(schema.get("title") or _words(key)),
            "description": plain_text(schema.get("description")),
            "required": required,
            "secret": bool(schema.get("airbyte_secret") or schema.get("airbyte_sensitive")),
            "hidden": bool(schema.get("airbyte_hidden")),
            "advanced": not shown,
            "default": schema.get("default", MISSING),
            "examples": _examples(schema.get("examples")),
            "group": self._titles.get(str(schema.get("group")), ""),
            "radio": schema.get("display_type") == "radio",
            "multiline": bool(schema.get("multiline")),
            "format": str(schema.get("format") or ""),
            "pattern": str(schema.get("pattern") or ""),
            "pattern_hint": str(schema.get("pattern_descriptor") or ""),
            "minimum": _number(schema, "minimum", "min"),
            "maximum": _number(schema, "maximum", "max"),
            "shortest": _length(schema, "minLength", "minItems"),
            "longest": _length(schema, "maxLength", "maxItems"),
            "unique": bool(schema.get("uniqueItems")),
        }

    def _resolved(self, given: Any) -> Schema:
        """Return a schema with its reference, its allOf, and its only alternative beside null put in its place."""
        self._read += 1
        if self._read > MOST:
            raise ValueError(f"it has more than {MOST:,} schemas, counting the schemas of references at each use")
        schema: Schema = given if isinstance(given, dict) else {}
        for _ in range(DEEPEST):
            reference = schema.get("$ref")
            others = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
            if isinstance(reference, str):
                schema = self._referred(reference) | others
            elif isinstance(schema.get("allOf"), list):
                for part in schema["allOf"]:
                    others = _joined(self._resolved(part), others)
                schema = others
            elif len(alternatives := self._alternatives(schema)) == 1 and not schema.get("properties"):
                others = {key: value for key, value in schema.items() if key not in ("oneOf", "anyOf")}
                if _is_object(alternatives[0]) and "oneOf" in schema:
                    return schema
                schema = alternatives[0] | others
            else:
                return schema
        return schema

    def _referred(self, reference: str) -> Schema:
        found: Any = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def _alternatives(self, schema: Schema) -> list[Schema]:
        found = schema.get("oneOf") or schema.get("anyOf") or []
        if not isinstance(found, list):
            raise TypeError(f"oneOf or anyOf is not a list of schemas, but {found!r}")
        return [one for one in found if isinstance(one, dict) and one.get("type") != "null"]

    def _branch(self, schema: Schema, alternative: Schema) -> Schema:
        """Return a branch with the properties that all branches have in common."""
        branch = self._resolved(alternative)
        common = {key: schema[key] for key in ("properties", "required") if key in schema}
        return _joined(common, branch) if common else branch


def _joined(first: Schema, second: Schema) -> Schema:
    joined = {**first, **second}
    if "properties" in first and "properties" in second:
        joined["properties"] = {**first["properties"], **second["properties"]}
    if "required" in first and "required" in second:
        joined["required"] = [*first["required"], *second["required"]]
    return joined


def _type(schema: Schema) -> str:
    given = schema.get("type")
    kinds = [kind for kind in (given if isinstance(given, list) else [given]) if kind and kind != "null"]
    if kinds:
        return str(kinds[0])
    if _is_object(schema):
        return "object"
    return "array" if "items" in schema else ""


def _is_object(schema: Schema) -> bool:
    return schema.get("type") == "object" or "properties" in schema


def _single(schema: Schema) -> bool:
    """Return whether a field has one possible value: older specifications write a constant so."""
    choices = schema.get("enum")
    return isinstance(choices, list) and len(choices) == 1 and schema.get("default", choices[0]) == choices[0]


def _order(schema: Schema) -> float:
    order = schema.get("order")
    return order if isinstance(order, int | float) else LAST


def _words(key: str) -> str:
    return re.sub(r"[_\-]+", " ", key).strip().capitalize()


def _examples(given: Any) -> tuple[str, ...]:
    examples: Iterable[Any] = given if isinstance(given, list) else [] if given is None else [given]
    return tuple(str(one) for one in examples if not isinstance(one, dict | list))


def _number(schema: Schema, *names: str) -> float | None:
    return next((schema[name] for name in names if isinstance(schema.get(name), int | float)), None)


def _length(schema: Schema, *names: str) -> int | None:
    return next((schema[name] for name in names if isinstance(schema.get(name), int)), None)
