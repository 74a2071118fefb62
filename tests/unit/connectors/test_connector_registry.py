"""The facts of a connector in Airbyte's registry, and those that are known without the registry."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.connectors import adding, airbyte_registry
from tools.connectors.airbyte_registry import AirbyteRegistry, NotReachedError
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.new import Places

FAKER = "dfd88b22-b603-4c3d-aad7-3701784586b1"


def entry(source: str, **given: Any) -> dict[str, Any]:
    return {
        "sourceDefinitionId": "00000000-0000-0000-0000-000000000001",
        "name": "Title",
        "dockerRepository": f"airbyte/{source}",
        "dockerImageTag": "1.2.3",
        **given,
    }


def registry(folder: Path, *sources: dict[str, Any]) -> AirbyteRegistry:
    file = folder / "registries/v0/oss_registry.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"sources": sources, "destinations": []}))
    return AirbyteRegistry(str(file))


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({"remoteRegistries": {"pypi": {"enabled": True, "packageName": "airbyte-source-x"}}}, "pypi"),
        ({"remoteRegistries": {"pypi": {"enabled": False, "packageName": "airbyte-source-x"}}}, "image"),
        ({"remoteRegistries": None, "language": "java"}, "image"),
        ({"language": "manifest-only"}, "manifest"),
        ({"language": None, "tags": ["cdk:low-code", "language:manifest-only"]}, "manifest"),
    ],
)
def test_the_way_of_a_connector(given: dict[str, Any], way: str, tmp_path: Path) -> None:
    found = registry(tmp_path, entry("source-x", **given)).find("source-x")
    assert (found.way, found.version, found.image) == (way, "1.2.3", "airbyte/source-x")


def test_an_unknown_name_is_told_with_similar_ones(tmp_path: Path) -> None:
    known = registry(tmp_path, entry("source-google-sheets"), entry("source-gone-sheets", tombstone=True))
    with pytest.raises(ConnectorCommandError, match="source-google-sheets") as told:
        known.find("source-sheets")
    assert "source-gone-sheets" not in str(told.value)  # it has been withdrawn


@pytest.mark.parametrize(
    "given",
    [
        {"sourceDefinitionId": "none"},
        {"dockerImageTag": "../../1"},
        {"dockerImageTag": None},
        {"name": 5},
        {"tags": 1},
        {"remoteRegistries": {"pypi": {"enabled": True, "packageName": "x\n--index-url http://x"}}},
    ],
)
def test_an_invalid_entry_is_refused(given: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConnectorCommandError, match="source-x"):
        registry(tmp_path, entry("source-x", **given)).find("source-x")


@pytest.mark.parametrize("content", ["", "[]", '{"sources": [{}]}', '{"sources": 1}', "<html>"])
def test_a_document_that_is_no_registry_is_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "oss_registry.json"
    file.write_text(content)
    with pytest.raises(NotReachedError, match=r"oss_registry\.json"):
        AirbyteRegistry(str(file)).sources()


def test_without_the_registry_the_id_is_the_known_one(tmp_path: Path) -> None:
    told: list[str] = []
    found = adding.look_up(AirbyteRegistry(str(tmp_path / "none.json")), "source-faker", "", told.append)
    assert (found.definition_id, found.package, found.way) == (FAKER, "airbyte-source-faker", "pypi")
    assert "list of this project" in told[0]


def test_without_the_registry_an_unknown_name_needs_its_id(tmp_path: Path) -> None:
    nowhere = AirbyteRegistry(str(tmp_path / "none.json"))
    with pytest.raises(ConnectorCommandError, match="id="):
        adding.look_up(nowhere, "source-new-one", "", print)
    assert adding.look_up(nowhere, "source-new-one", FAKER, print).definition_id == FAKER
    with pytest.raises(ConnectorCommandError, match="definition id"):
        adding.look_up(nowhere, "source-new-one", "abc", print)


def test_an_id_that_contradicts_the_registry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConnectorCommandError, match=FAKER):
        adding.look_up(registry(tmp_path, entry("source-x")), "source-x", FAKER, print)


def test_a_name_that_lacks_its_prefix_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConnectorCommandError, match="source-faker"):
        adding.look_up(AirbyteRegistry(str(tmp_path)), "faker", "", print)


def test_the_known_ids_are_valid_and_each_has_one_connector() -> None:
    known = json.loads(airbyte_registry.KNOWN_IDS.read_text())
    ids = [identifier for identifier, _title in known.values()]
    assert all(airbyte_registry.UUID.fullmatch(identifier) for identifier in ids)
    assert len(set(ids)) == len(ids) > 200
    assert known["source-s3"][0] == "69589781-7828-43c5-9f63-8925b1c1ccc2"


def test_an_id_belongs_to_one_connector(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.connectors.mkdir(parents=True)
    places.registry.write_text(f'[source-other]\ndefinition_id = "{FAKER}"\n')
    found = adding.look_up(AirbyteRegistry(str(tmp_path / "none.json")), "source-faker", "", print)
    with pytest.raises(ConnectorCommandError, match="source-other"):
        adding.plan(places, AirbyteRegistry(""), found, "", print)


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("faker", "source-faker?"),
        ("Source-Faker", "source-faker?"),
        ("source_faker", "source-faker?"),
        ("airbyte/source-faker", "source-faker?"),
        ("destination-bigquery", "is a destination"),
        ("source-", "lower case"),
    ],
)
def test_what_is_not_the_name_of_a_source_is_told_with_the_name_that_may_be_meant(name: str, fact: str) -> None:
    with pytest.raises(ConnectorCommandError) as told:
        adding.require_name(name)
    assert fact in str(told.value)
    assert "source-destination" not in str(told.value)


@pytest.mark.parametrize(
    ("content", "address", "fact"),
    [
        ("<html>log in</html>", "", "web page"),
        ('{"sources": [', "", "JSON"),
        ('{"x": 1}', "", "`sources`"),
        ("[]", "", "`sources`"),
        ("", "ftp://mirror/registry.json", "http"),
        ("", "https://[mirror", "IPv6"),
        ("", "/nowhere/registry.json", "no such file"),
    ],
)
def test_without_a_registry_a_wrong_name_is_told_with_why_and_with_similar_names(
    content: str, address: str, fact: str, tmp_path: Path
) -> None:
    file = tmp_path / "registry.json"
    file.write_text(content)
    source = AirbyteRegistry(address or str(file))
    said: list[str] = []
    with pytest.raises(ConnectorCommandError, match="source-faker") as told:
        adding.look_up(source, "source-fakr", "", said.append)
    assert fact in str(told.value)
    assert adding.look_up(source, "source-faker", "", said.append).definition_id == FAKER
    assert fact in said[0]
    with pytest.raises(ConnectorCommandError, match=FAKER):
        adding.look_up(source, "source-faker", "01234567-89ab-cdef-0123-456789abcdef", said.append)
