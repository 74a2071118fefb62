"""Every manifest is read or refused with a sentence, and quickly: a pasted manifest must not stop the console."""

import json
from typing import Any

import pytest

from console.forms.fields import Kind
from console.forms.manifests import ManifestError, manifest_fields
from console.forms.mistakes import mistakes
from console.forms.patterns import matches
from console.forms.values import entered

CODE = "__injected_components_py"


def manifest(schema: dict[str, Any], **definitions: dict[str, Any]) -> str:
    return json.dumps({"definitions": definitions, "spec": {"connection_specification": schema}})


def aliases(first: str, template: str) -> str:
    """Return YAML in which each of eleven anchors has six aliases of the one before."""
    lines = [f"a0: &a0 {first}"]
    for level in range(1, 12):
        used = [f"*a{level - 1}"] * 6
        lines.append(f"a{level}: &a{level} {template.format(*used, all=', '.join(used))}")
    return "\n".join([*lines, "spec: {connection_specification: *a11}"])


SELF = {"$ref": "#/definitions/self"}
REPEATED = {"type": "object", "required": list("abcdef"), "properties": dict.fromkeys("abcdef", SELF)}
LEVELS = {
    f"level_{number}": {"properties": {key: {"$ref": f"#/definitions/level_{number - 1}"} for key in "abcdef"}}
    for number in range(1, 12)
}


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (aliases("{type: string}", "{{properties: {{a: {}, b: {}, c: {}, d: {}, e: {}, f: {}}}}}"), "aliases"),
        (aliases("{x: 1}", "{{<<: [{all}]}}"), "aliases"),
        (aliases("{type: string}", "{{default: [{all}]}}"), "aliases"),
        (manifest(REPEATED, self=REPEATED), "'#/definitions/self' leads to itself"),
        (manifest({"allOf": [SELF]}, self={"allOf": [SELF, SELF]}), "leads to itself"),
        (manifest({"properties": {"a": SELF}}), "leads to nothing"),
        (manifest({"$ref": "#/definitions/level_11"}, level_0={}, **LEVELS), "parts"),
        ("spec: &s {connection_specification: *s}", "line 1: .*own alias"),
        ("[" * 200_000, "levels"),
        ("- " * 200_000, "levels"),
        ("\n".join(["- &a0 [1]", *(f"- &a{at} [*a{at - 1}]" for at in range(1, 3000))]), "aliases"),
        ("a: 1\nb: *none", "line 2"),
        ("a: !!bool maybe", "JSON"),
        ("a: !!timestamp 2024-01-31", "JSON"),
        ("a: .nan", "JSON"),
        (
            manifest({"properties": {"a": {"type": "object", "properties": {"b": {}}, "required": 5}}}),
            "schema of a: .*5",
        ),
        (manifest({"properties": {"a": {}}, "required": True}), "required"),
        (manifest({"properties": {"a": {}}, "required": "a"}), "required"),
        (manifest({"properties": {"a": {}}, "required": [{"a": 1}]}), "schema"),
        (manifest({"properties": {"a": {}}, "groups": 5}), "schema"),
        (manifest({"properties": {"a": {"oneOf": 5}}}), "oneOf"),
        (manifest({"properties": {"a": {"enum": 5}}}), "schema of a"),
        (manifest({"type": "string"}), "object: .*string"),
        (manifest({"type": "array", "items": {"type": "string"}}), "object: .*array"),
    ],
)
def test_a_manifest_that_is_wrong_or_too_large_is_refused(text: str, fact: str) -> None:
    with pytest.raises(ManifestError, match=fact):
        manifest_fields(text)


def test_keys_that_are_numbers_are_texts_as_in_json() -> None:
    found = manifest_fields("spec: {connection_specification: {properties: {1: {type: string}, no: {type: string}}}}")
    assert [one.key for one in found] == ["1", "false"]


def test_a_pattern_cannot_stop_the_console() -> None:
    slow, look = "(a+)+$", "^(?!x)(a+)+$"
    text = "a" * 5000 + "!"
    one = {"type": "string", "pattern": slow, "default": text}
    several = {"type": "array", "items": {"type": "string", "pattern": look}}
    [plain, many] = manifest_fields(manifest({"properties": {"one": one, "several": several}}))
    assert mistakes(plain, entered(plain)) != {}
    assert many.item is not None
    assert many.item.pattern == "", "a pattern that only Python's own engine reads is not compared"
    assert matches(r"^[\w.-]+(?<!\.git)$", "a.git") is False  # a connector's own still is


def test_the_fields_of_the_connector_itself_are_left_out() -> None:
    schema = {"properties": {CODE: {"const": "import os"}, "own": {"type": "string"}, "token": {"type": "string"}}}
    assert [one.key for one in manifest_fields(manifest(schema), ["own"])] == ["token"]


def test_references_are_relative_to_the_manifest() -> None:
    token = {"type": "string", "airbyte_secret": True}
    [field] = manifest_fields(manifest({"properties": {"token": {"$ref": "#/definitions/token"}}}, token=token))
    assert (field.key, field.kind, field.secret) == ("token", Kind.TEXT, True)
