from typing import Any

import pytest

from airbyte_as_code.diff import FieldChange, configuration_changes, secrets
from platform_kit.specification import MASK, branches

SCHEMA = branches(
    {
        "properties": {
            "bucket": {"type": "string"},
            "endpoint": {"type": "string", "default": ""},
            "secret": {"type": "string", "airbyte_secret": True},
            "delivery": {
                "default": "records",
                "oneOf": [
                    {"properties": {"type": {"const": "records"}}},
                    {"properties": {"type": {"const": "files"}, "token": {"airbyte_secret": True}}},
                ],
            },
            "region": {"oneOf": [{"properties": {"type": {"const": "a"}}}]},
            "streams": {
                "items": {
                    "properties": {
                        "name": {"type": "string"},
                        "schemaless": {"default": False},
                        "format": {"properties": {"delimiter": {"default": ","}, "password": {"airbyte_secret": True}}},
                    }
                }
            },
        }
    }
)


def changes(wanted: Any, found: Any, known: dict[str, Any] | None = None) -> list[FieldChange]:
    def is_known(path: str, value: Any) -> bool:
        return bool((known or {}).get(path) == value)

    return list(configuration_changes(wanted, found, SCHEMA, is_known))


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        ({"bucket": "a"}, {"bucket": "a"}, []),
        ({"bucket": "a"}, {"bucket": "b"}, [FieldChange("bucket", "b", "a")]),
        ({"bucket": "a"}, {}, [FieldChange("bucket", None, "a")]),
        ({}, {"bucket": "b"}, [FieldChange("bucket", "b", None)]),
        ({}, None, []),
        ({"streams": [{"name": "a"}]}, {"streams": [{"name": "b"}]}, [FieldChange("streams[0].name", "b", "a")]),
        (
            {"streams": [{"name": "a"}]},
            {"streams": []},
            [FieldChange("streams", [], [{"name": "a"}])],
        ),
        ({"streams": {"name": "a"}}, {"streams": "x"}, [FieldChange("streams", "x", {"name": "a"})]),
    ],
)
def test_fields_are_compared_by_value(wanted: Any, found: Any, expected: list[FieldChange]) -> None:
    assert changes(wanted, found) == expected


@pytest.mark.parametrize(
    "filled_in",
    [
        {"endpoint": ""},
        {"endpoint": None},
        {"delivery": {"type": "records"}},
        {"streams": [{"name": "a", "schemaless": False, "format": {"delimiter": ","}}]},
    ],
)
def test_defaults_that_the_server_fills_in_are_no_difference(filled_in: dict[str, Any]) -> None:
    wanted = {"bucket": "a", "streams": [{"name": "a"}]}
    assert changes(wanted, wanted | filled_in) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [("endpoint", "http://elsewhere"), ("unknown", 1), ("delivery", {"type": "files"}), ("region", {"type": "a"})],
)
def test_what_somebody_added_by_hand_is_a_difference(path: str, value: Any) -> None:
    assert changes({}, {path: value}) == [FieldChange(path, value, None)]


def test_masked_secrets_converge() -> None:
    assert changes({"secret": "s"}, {"secret": MASK}, {"secret": "s"}) == []


def test_a_changed_secret_shows_neither_value() -> None:
    expected = [FieldChange("secret", None, None, secret=True)]
    assert changes({"secret": "new"}, {"secret": MASK}, {"secret": "old"}) == expected
    assert changes({"secret": "new"}, {"secret": MASK}) == expected
    assert changes({"secret": "new"}, {}) == expected
    assert changes({}, {"secret": MASK}) == expected


def test_a_server_that_does_not_mask_is_compared_by_value() -> None:
    assert changes({"secret": "s"}, {"secret": "s"}) == []
    assert changes({"secret": "s"}, {"secret": "t"}) == [FieldChange("secret", None, None, secret=True)]


def test_a_masked_value_is_secret_whatever_the_specification_says() -> None:
    assert changes({"bucket": "a"}, {"bucket": MASK}) == [FieldChange("bucket", None, None, secret=True)]
    assert changes({"bucket": "a"}, {"bucket": MASK}, {"bucket": "a"}) == []


def test_secrets_inside_values_shown_as_a_whole_are_masked() -> None:
    [change] = changes({"streams": [{"format": {"password": "p"}}]}, {"streams": []})
    assert change.new == [{"format": {"password": MASK}}]
    assert changes({"delivery": {"type": "files", "token": "t"}}, {"delivery": {"type": "records"}}) == [
        FieldChange("delivery.type", "records", "files"),
        FieldChange("delivery.token", None, None, secret=True),
    ]


def test_every_secret_is_found() -> None:
    configuration = {
        "bucket": "a",
        "secret": "s",
        "delivery": {"token": "t"},
        "streams": [{"name": "n"}, {"format": {"password": "p"}}],
    }
    shown = {"streams": [{"name": MASK}]}
    assert dict(secrets(configuration, shown, SCHEMA)) == {
        "secret": "s",
        "delivery.token": "t",
        "streams[0].name": "n",
        "streams[1].format.password": "p",
    }
