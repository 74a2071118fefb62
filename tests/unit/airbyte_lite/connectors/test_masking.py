import json
from typing import Any

import pytest

from airbyte_lite.connectors.masking import MANIFEST, mask, mask_all, merge, restore, secret_values
from platform_kit.specification import MASK

SPECIFICATION: dict[str, Any] = {
    "properties": {
        "bucket": {"type": "string"},
        "key": {"type": "string", "airbyte_secret": True},
        "credentials": {
            "oneOf": [
                {"properties": {"auth": {"const": "key"}, "id": {"airbyte_secret": True}}},
                {"properties": {"auth": {"const": "role"}, "role": {"type": "string"}}},
            ]
        },
        "headers": {"type": "array", "items": {"properties": {"name": {}, "value": {"airbyte_secret": True}}}},
        "next_page_token": {"type": "string"},
        "whole": {"type": "object", "airbyte_secret": True},
    }
}


def test_everything_is_masked_where_nothing_is_known_and_comes_back() -> None:
    configuration = {"bucket": "b", "pin": 1234, "keys": [{"id": "k"}, "k"], "secure": True, "prefix": None}
    masked = mask_all(configuration)
    assert masked == {"bucket": MASK, "pin": MASK, "keys": [{"id": MASK}, MASK], "secure": True, "prefix": None}
    assert restore(masked, configuration) == configuration


def test_secrets_are_masked_wherever_they_are() -> None:
    configuration = {
        "bucket": "b",
        "key": "k1",
        "credentials": {"auth": "key", "id": "k2"},
        "headers": [{"name": "a", "value": "k3"}, {"name": "b"}],
        "whole": {"inner": "k4"},
    }
    assert mask(configuration, SPECIFICATION) == {
        "bucket": "b",
        "key": MASK,
        "credentials": {"auth": "key", "id": MASK},
        "headers": [{"name": "a", "value": MASK}, {"name": "b"}],
        "whole": MASK,
    }
    assert secret_values(configuration, SPECIFICATION) == {"k1", "k2", "k3", "k4"}
    assert configuration["key"] == "k1"


def test_keys_that_the_specification_does_not_know_are_judged_by_their_name() -> None:
    configuration = {"aws_secret_access_key": "s", "api_key": "s", "next_page_token": "public", "region": "eu"}
    masked = mask(configuration, SPECIFICATION)
    assert masked == {"aws_secret_access_key": MASK, "api_key": MASK, "next_page_token": "public", "region": "eu"}


def test_empty_and_absent_secrets_are_shown_as_they_are() -> None:
    assert mask({"key": "", "credentials": None}, SPECIFICATION) == {"key": "", "credentials": None}


def test_secrets_of_a_manifest_are_those_of_its_own_specification() -> None:
    specification = {"connection_specification": {"properties": {"pin": {"airbyte_secret": True}}}}
    manifest = {"spec": specification, "requester": {"access_token": "{{ config['pin'] }}"}}
    masked = mask({MANIFEST: manifest, "pin": "1234"}, {"properties": {MANIFEST: {"type": "object"}}})
    assert masked == {MANIFEST: manifest, "pin": MASK}


def test_parts_of_a_key_file_are_secrets_too() -> None:
    key_file = json.dumps(
        {"type": "service_account", "private_key": "-----BEGIN\nabcdefgh\n-----END", "client_id": "7"}
    )
    values = secret_values({"key": key_file}, SPECIFICATION)
    assert {key_file, "-----BEGIN\nabcdefgh\n-----END", "abcdefgh"} <= values
    assert "service_account" not in values


def test_mask_that_comes_back_keeps_the_secret() -> None:
    stored = {"key": "k1", "headers": [{"value": "k2"}, {"value": "k3"}]}
    sent = {"key": MASK, "bucket": "new", "headers": [{"value": MASK}, {"value": "k4"}, {"value": "k5"}]}
    restored = restore(sent, stored)
    assert restored == {"key": "k1", "bucket": "new", "headers": [{"value": "k2"}, {"value": "k4"}, {"value": "k5"}]}


@pytest.mark.parametrize("sent", [{"other": MASK}, {"headers": [{"value": MASK}]}, {"key": {"inner": MASK}}])
def test_mask_where_nothing_is_stored_is_refused(sent: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        restore(sent, {"key": "k1"})


A, B = {"name": "a", "value": "k2"}, {"name": "b", "value": "k3"}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (["b"], [B]),
        (["b", "a"], [B, A]),
        (["new", "a", "b"], [None, A, B]),
        (["renamed", "b"], [{"name": "renamed", "value": "k2"}, B]),
        ([], []),
    ],
)
def test_masks_in_a_list_keep_the_secrets_of_entries_that_are_moved(sent: list[str], expected: list[Any]) -> None:
    new = {"name": "new", "value": "k9"}
    shown = [new if name == "new" else {"name": name, "value": MASK} for name in sent]
    assert restore({"headers": shown}, {"headers": [A, B]}) == {"headers": [entry or new for entry in expected]}


@pytest.mark.parametrize("sent", [["c"], ["c", "a"], ["b", "a", "c"], ["c", "d", "e"]])
def test_mask_in_a_list_whose_secret_is_not_certain_is_refused(sent: list[str]) -> None:
    with pytest.raises(KeyError):
        restore([{"name": name, "value": MASK} for name in sent], [A, B])


def test_mask_of_a_list_of_which_any_entry_may_be_gone_is_refused() -> None:
    with pytest.raises(KeyError):
        restore([MASK], ["k1", "k2"])
    assert restore([MASK, "k3"], ["k1", "k2"]) == ["k1", "k3"]
    assert restore([MASK], ["k1", "k1"]) == ["k1"], "both have the same secret"


def test_masks_in_a_long_list_are_not_compared_with_every_entry() -> None:
    stored = [{"name": str(number), "value": f"k{number}"} for number in range(30_000)]
    shown = [entry | {"value": MASK} for entry in stored]
    assert restore(shown, stored) == stored
    with pytest.raises(KeyError):
        restore(shown[1:], stored)


def test_merge_goes_into_objects_and_replaces_lists() -> None:
    stored = {"a": {"b": 1, "c": 2}, "list": [1, 2], "kept": True}
    assert merge(stored, {"a": {"b": 3}, "list": [3]}) == {"a": {"b": 3, "c": 2}, "list": [3], "kept": True}
