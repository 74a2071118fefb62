from typing import Any

import pytest

from platform_kit.specification import UnresolvedError, branches, not_public, resolved

SCHEMAS = branches(
    {
        "properties": {
            "bucket": {"type": "string"},
            "key": {"type": "string", "airbyte_secret": True},
            "streams": {"type": "array", "items": {"properties": {"input_schema": {"type": ["string", "null"]}}}},
            "headers": {"type": "object"},
        }
    }
)


@pytest.mark.parametrize(
    ("configuration", "hidden"),
    [
        ({"bucket": "b", "key": "k"}, ["k"]),
        ({"unknown": "u"}, ["u"]),
        ({"headers": {"authorization": "a"}}, ["a"]),
        ({"key": {"inner": "k"}}, [{"inner": "k"}]),
        ({"streams": [{"input_schema": {"zip": "string"}}]}, []),
        ({"bucket": {"name": "b", "parts": [{"password": "p"}]}}, ["p"]),
    ],
)
def test_what_is_not_public(configuration: dict[str, Any], hidden: list[Any]) -> None:
    assert list(not_public(SCHEMAS, configuration)) == hidden


DOCUMENT: dict[str, Any] = {
    "parts": {
        "key": {"type": "string", "airbyte_secret": True},
        "a/b": [{"x": 1}],
        "loop": {"items": {"$ref": "#/parts/loop"}},
    },
    "laugh0": {"a": 1},
    **{f"laugh{n}": [{"$ref": f"#/laugh{n - 1}"}] * 10 for n in range(1, 9)},
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"key": {"$ref": "#/parts/key"}}, {"key": {"type": "string", "airbyte_secret": True}}),
        ({"key": {"$ref": "#/parts/key", "type": "integer"}}, {"key": {"type": "integer", "airbyte_secret": True}}),
        ({"oneOf": [{"$ref": "#/parts/a~1b/0"}]}, {"oneOf": [{"x": 1}]}),
        ({"properties": {"$ref": {"type": "string"}}}, {"properties": {"$ref": {"type": "string"}}}),
    ],
)
def test_references_are_resolved(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert resolved(given, DOCUMENT) == expected


@pytest.mark.parametrize(
    ("reference", "fact"),
    [
        ("#/parts/nothing", "#/parts/nothing"),
        ("#/parts/a~1b/7", "leads to nothing"),
        ("#/parts/loop", "leads to itself"),
        ("#", "#/"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("#/laugh8", "100000 parts"),
    ],
)
def test_references_that_cannot_be_resolved(reference: str, fact: str) -> None:
    with pytest.raises(UnresolvedError) as raised:
        resolved({"key": {"$ref": reference}}, DOCUMENT)
    assert fact in str(raised.value)


def test_a_specification_that_is_a_reference_leads_to_an_object() -> None:
    assert resolved({"$ref": "#/parts/key"}, DOCUMENT) == DOCUMENT["parts"]["key"]
    with pytest.raises(UnresolvedError, match="object"):
        resolved({"$ref": "#/parts/a~1b"}, DOCUMENT)
