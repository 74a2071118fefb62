from typing import Any

import pytest

from platform_kit.specification import branches, not_public

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
