from pathlib import Path
from typing import Any

import pytest

from airbyte_as_code.airbyte_client import Kind
from airbyte_as_code.change import Action
from airbyte_as_code.desired import Actor
from airbyte_as_code.plan import compare
from airbyte_as_code.state import State

DEFINITIONS = {"source-s3": "id of s3", "source-postgres": "id of postgres", "source-ours": "id of ours"}


@pytest.mark.parametrize(
    ("connector", "shown", "action"),
    [
        ("source-s3", {"definitionId": "id of s3", "sourceType": "s3"}, Action.UNCHANGED),
        ("source-s3", {"definitionId": "id of postgres", "sourceType": "postgres"}, Action.REPLACE),
        ("source-s3", {"sourceType": "s3"}, Action.UNCHANGED),
        ("source-s3", {"sourceType": "postgres"}, Action.REPLACE),
        ("source-ours", {"sourceType": "s3"}, Action.REPLACE),
        ("source-ours", {"sourceType": ""}, Action.UNCHANGED),  # a custom connector has no type
        ("source-ours", {}, Action.UNCHANGED),
    ],
)
def test_another_connector_is_another_object(
    tmp_path: Path, connector: str, shown: dict[str, Any], action: Action
) -> None:
    wanted = Actor(Kind.SOURCE, "s", connector, DEFINITIONS, {}, [], "connections.yaml:1")
    found = {"sourceId": "1", "name": "s", "configuration": {}} | shown
    assert compare(wanted, found, {}, State(tmp_path)).action is action
