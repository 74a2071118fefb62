from typing import Any

import pytest

from airbyte_lite.connectors.masking import MANIFEST, mask, secret_values
from airbyte_lite.connectors.validation import MOST_FAULTS, check_configuration
from airbyte_lite.problem import Problem
from platform_kit.specification import MASK

LOW_CODE = {"type": "object", "required": [MANIFEST], "properties": {MANIFEST: {"type": "object"}}}


def manifest(**specification: Any) -> dict[str, Any]:
    return {"spec": {"connection_specification": specification}}


def faults(configuration: dict[str, Any], specification: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Problem) as raised:
        check_configuration(configuration, specification, "source-x")
    assert raised.value.status == 422
    return raised.value.faults


def test_low_code_configuration_is_held_against_its_manifest() -> None:
    own = manifest(required=["token"], properties={"token": {"type": "string"}}, additionalProperties=False)
    check_configuration({MANIFEST: own, "token": "t"}, LOW_CODE, "source-x")
    assert faults({MANIFEST: own}, LOW_CODE) == {"configuration.token": "is required"}
    assert faults({MANIFEST: own, "token": 4711}, LOW_CODE) == {"configuration.token": "must be of type string"}
    assert faults({"token": "t"}, LOW_CODE) == {f"configuration.{MANIFEST}": "is required"}


def test_manifest_with_a_broken_specification_is_refused() -> None:
    [(path, text)] = faults({MANIFEST: manifest(required="token")}, LOW_CODE).items()
    assert path == f"configuration.{MANIFEST}.spec.connection_specification.required"
    assert "JSON schema" in text


def test_references_of_a_manifests_specification_are_relative_to_the_manifest() -> None:
    own = manifest(properties={"token": {"$ref": "#/definitions/token"}})
    own["definitions"] = {"token": {"type": "string", "airbyte_secret": True}}
    check_configuration({MANIFEST: own, "token": "t"}, LOW_CODE, "source-x")
    assert faults({MANIFEST: own, "token": 4711}, LOW_CODE) == {"configuration.token": "must be of type string"}
    assert mask({MANIFEST: own, "token": "t"}, LOW_CODE)["token"] == MASK


@pytest.mark.parametrize("reference", ["#/definitions/token", "#", "file:///etc/passwd", "http://127.0.0.1:1/a.json"])
def test_manifest_with_a_reference_to_nothing_is_refused_and_all_is_secret(reference: str) -> None:
    configuration = {MANIFEST: manifest(properties={"pin": {"$ref": reference}}), "pin": "4711"}
    [(path, text)] = faults(configuration, LOW_CODE).items()
    assert path == f"configuration.{MANIFEST}.spec"
    assert reference in text
    assert mask(configuration, LOW_CODE)["pin"] == MASK
    assert secret_values(configuration, LOW_CODE) == {"4711"}


def test_a_hundred_faults_are_enough() -> None:
    found = faults({"streams": [1] * 5000}, {"properties": {"streams": {"items": {"type": "object"}}}})
    assert len(found) == MOST_FAULTS
    assert len(faults({}, {"required": [f"field_{number}" for number in range(5000)]})) == MOST_FAULTS


def test_manifest_without_a_specification_is_not_judged() -> None:
    check_configuration({MANIFEST: {"streams": []}, "anything": 1}, LOW_CODE, "source-x")


FILES: dict[str, Any] = {"properties": {"streams": {"items": {"properties": {"globs": {}, "format": {}}}}}}


def file_faults(**stream: Any) -> dict[str, str]:
    """Return the faults of a source with one stream, by the path below the stream."""
    found = faults({"streams": [{"name": "people", "globs": ["*"], "format": {"filetype": "csv"}} | stream]}, FILES)
    return {path.removeprefix("configuration.streams.0."): text for path, text in found.items()}


@pytest.mark.parametrize(
    ("field", "value", "facts"),
    [
        ("encoding", "utf-99", ["utf-8-sig", "windows-1252"]),
        ("encoding", "rot13", ["utf-8"]),
        ("encoding", "", ["utf-8"]),
        ("encoding", "idna", ["utf-8"]),
        ("skip_rows_before_header", -1, ["0 or more"]),
        ("skip_rows_after_header", -1, ["0 or more"]),
        ("quote_char", "", ["one character"]),
        ("quote_char", "''", ["one character"]),
        ("quote_char", ",", ["delimiter"]),
        ("delimiter", "||", ["one character", "\\t"]),
        ("delimiter", "\n", ["one character"]),
        ("escape_char", "", ["leave it out"]),
        ("escape_char", '"', ["quote_char"]),
    ],
)
def test_csv_settings_are_checked_before_the_connector_runs(field: str, value: str, facts: list[str]) -> None:
    found = file_faults(format={"filetype": "csv", field: value})
    assert all(fact in found[f"format.{field}"] for fact in facts)


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        ({"zip": "string"}, ["JSON text", '{"id": "integer"']),
        ("zip: string", ["not valid JSON", "character 1"]),
        ("[]", ["object"]),
        ("{}", ["object"]),
        ('{"id": "int"}', ["'int'", "'id'", "integer, null, number, object, string"]),
        ('{"id": ["integer"]}', ["'id'", "integer"]),
        ('{" ": "integer"}', ["without a name"]),
        ("1" * 5000, ["4300 digits"]),
        ("[" * 100_000, ["recursion"]),
    ],
)
def test_input_schema_is_checked_before_the_connector_runs(value: Any, facts: list[str]) -> None:
    found = file_faults(input_schema=value)
    assert all(fact in found["input_schema"] for fact in facts)


def test_a_format_whose_packages_are_not_installed_is_refused() -> None:
    [(path, text)] = faults({"streams": [{"name": "a", "format": {"filetype": "excel"}}]}, FILES).items()
    assert path == "configuration.streams.0.format.filetype"
    assert "CSV" in text
    documents = {"streams": [{"name": "a", "format": {"filetype": "unstructured"}}]}
    check_configuration(documents, FILES, "source-google-drive")  # its environment may have the packages
    with pytest.raises(Problem, match=r"streams\.0\.format\.filetype unstructured is not supported here"):
        check_configuration(documents, FILES, "source-s3")


def test_a_glob_with_a_bucket_is_refused() -> None:
    streams = [{"name": "a", "globs": ["data/*.csv", "s3://shop/data/*.csv"]}]
    assert faults({"streams": streams}, FILES) == {
        "configuration.streams.0.globs": "are compared with keys, which have no bucket: write 'data/*.csv'"
    }


def test_column_names_and_streams_are_unique() -> None:
    header = {"header_definition_type": "User Provided", "column_names": ["id", "name", "id"]}
    assert (
        "id"
        in file_faults(format={"filetype": "csv", "header_definition": header})["format.header_definition.column_names"]
    )
    header["column_names"] = ["id", " name"]
    padded = file_faults(format={"filetype": "csv", "header_definition": header})
    assert "' name'" in padded["format.header_definition.column_names"]
    twice = faults({"streams": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}, FILES)
    assert set(twice) == {"configuration.streams.0.name", "configuration.streams.2.name"}


def test_a_word_for_true_and_false_is_refused() -> None:
    words = {"filetype": "csv", "true_values": ["x", "y"], "false_values": ["n", "x"]}
    assert "'x'" in file_faults(format=words)["format.false_values"]


def test_valid_settings_of_files() -> None:
    csv = {
        "filetype": "csv",
        "skip_rows_after_header": 0,
        "delimiter": "\\t",
        "encoding": "UTF-8-SIG",
        "escape_char": "\\",
        "quote_char": "'",
        "null_values": ["", "\\N"],  # a file with this escape character has it as \\\\N
    }
    schema = '{"id": "INTEGER", "zip": "string"}'
    check_configuration({"streams": [{"name": "a", "format": csv, "input_schema": schema}]}, FILES, "source-x")
    check_configuration({"streams": [{"name": "b", "format": {"filetype": "jsonl", "encoding": 1}}]}, FILES, "source-x")


def test_other_connectors_may_have_streams_of_any_kind() -> None:
    check_configuration({"streams": [{"name": "a"}, {"name": "a", "input_schema": {}}]}, {}, "source-x")
