"""Forms of ten published specifications: the entered values become a configuration that the schema accepts."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from console.forms.fields import MISSING, Field, Kind
from console.forms.mistakes import mistakes
from console.forms.reading import read_specification
from console.forms.secrets import MissingSecretError, Secret, references, resolved, values, variables
from console.forms.values import Choice, configuration, entered

from .specifications import FILE, GITHUB, MONGODB, MYSQL, POSTGRES, SALESFORCE, SECRET, SNOWFLAKE, TEN


def fill(field: Field, given: Any) -> Any:
    """Enter an example into each empty field that is required, and the last branch of each choice."""
    match field.kind:
        case Kind.GROUP:
            for one in (one for one in field.fields if not one.hidden):
                given[one.key] = fill(one, given[one.key])
        case Kind.ONE_OF:
            given.index = len(field.branches) - 1
            given.values[given.index] = fill(field.branches[given.index], given.values[given.index])
        case Kind.LIST if field.item:
            item = field.item
            return [fill(item, one) for one in given or [entered(item)]]
        case Kind.TEXT if field.secret:
            given.value = "s3cret"
        case Kind.TEXT if given is None:
            return "2024-01-31T00:00:00Z" if "date" in field.key else "org/repo"
        case Kind.NUMBER | Kind.INTEGER if given is None:
            return 7
    return given


def all_fields(field: Field) -> Iterator[Field]:
    yield field
    for one in (*field.fields, *field.branches, *([field.item] if field.item else [])):
        yield from all_fields(one)


def named(field: Field, key: str) -> Field:
    return next(one for one in field.fields if one.key == key)


@pytest.mark.parametrize("connector", TEN)
def test_a_filled_form_makes_a_valid_configuration_without_a_secret(connector: str) -> None:
    form = read_specification(TEN[connector])
    given = fill(form, entered(form))
    assert mistakes(form, given) == {}
    made = configuration(form, given, references("my source"))
    assert [error.message for error in Draft7Validator(TEN[connector]).iter_errors(made)] == []
    assert "s3cret" not in repr(made)
    for_check = configuration(form, given, values("my source", {}))
    assert "s3cret" in repr(for_check)


@pytest.mark.parametrize("connector", TEN)
def test_a_configuration_in_a_form_stays_the_same(connector: str) -> None:
    form = read_specification(TEN[connector])
    made = configuration(form, fill(form, entered(form)), references("x"))
    assert configuration(form, entered(form, made), references("other")) == made


@pytest.mark.parametrize("connector", TEN)
def test_an_empty_form_names_what_is_required(connector: str) -> None:
    form = read_specification(TEN[connector])
    found = {path[0] for path in mistakes(form, entered(form))}
    # A secret has a reference in any case, a choice has its first branch, and a default is entered already.
    required = {
        one.key
        for one in form.fields
        if one.required and one.kind in (Kind.TEXT, Kind.NUMBER, Kind.INTEGER) and one.default is MISSING
    }
    assert {key for key in required if not named(form, key).secret} <= found
    assert found <= set(TEN[connector]["required"])


def test_defaults_choose_the_branch() -> None:
    mysql = entered(read_specification(MYSQL))
    assert mysql["replication_method"].index == 1, "the default is the constant of the second branch"
    assert mysql["tunnel_method"].index is None, "it is not required"
    provider = entered(read_specification(FILE))["provider"]
    assert provider.index == 0, "the default names no branch, and the field is required"
    assert entered(read_specification(MONGODB))["database_config"].index == 0


def test_order_groups_and_what_is_shown() -> None:
    postgres = read_specification(POSTGRES)
    assert [one.key for one in postgres.fields][:3] == ["host", "port", "database"]
    mysql = read_specification(MYSQL)
    assert [one.advanced for one in mysql.fields if one.key in ("password", "ssl")] == [False, True]
    assert named(mysql, "replication_method").radio
    assert named(read_specification(MONGODB), "queue_size").group == "Advanced"
    assert named(read_specification(GITHUB), "repository").hidden
    salesforce = read_specification(SALESFORCE)
    assert named(salesforce, "credentials").kind is Kind.GROUP
    assert [one.kind for one in named(salesforce, "credentials").fields if one.key == "auth_type"] == [Kind.CONSTANT]
    multiline = [one.key for one in all_fields(postgres) if one.multiline]
    assert multiline == ["ca_certificate", "client_key"]


def test_descriptions_are_plain_text() -> None:
    description = named(read_specification(POSTGRES), "ssl_mode").description
    assert "<" not in description
    assert "• allow - if asked\n• require - always" in description
    assert "in the guide (https://example.com/ssl)" in description


def test_secrets_of_older_specifications_are_secrets() -> None:
    secrets = [one.key for one in all_fields(read_specification(FILE)) if one.secret]
    assert secrets == ["aws_secret_access_key"]


@pytest.mark.parametrize(
    ("connector", "change", "path", "fact"),
    [
        ("postgres", {"port": 70000}, ("port",), "from 0 to 65536"),
        ("postgres", {"port": "many"}, ("port",), "whole number"),
        ("postgres", {"port": 1.5}, ("port",), "whole number"),
        ("postgres", {"schemas": ["a", "a"]}, ("schemas",), "twice"),
        ("github", {"repositories": []}, ("repositories",), "at least 1"),
        ("github", {"repositories": ["org/repo", "repo"]}, ("repositories", 1), "org/repo org/*"),
        ("github", {"start_date": "2024-01-31"}, ("start_date",), "YYYY-MM-DDTHH:mm:ssZ"),
        ("stripe", {"start_date": "soon"}, ("start_date",), "2017-01-25T00:00:00Z"),
        ("stripe", {"slice_range": 0}, ("slice_range",), "at least 1"),
        ("stripe", {"account_id": "${ACCOUNT"}, ("account_id",), "${NAME}"),
        ("stripe", {"client_secret": Secret("sk_live_1")}, ("client_secret",), "${NAME}"),
        ("stripe", {"client_secret": Secret("${KEY:-sk_live_1}")}, ("client_secret",), "${NAME}"),
        ("salesforce", {"start_date": "31.01.2024"}, ("start_date",), "2021-07-25"),
        ("mongodb", {"queue_size": 10}, ("queue_size",), "from 1000 to 10000"),
        ("file", {"format": "xml"}, ("format",), "csv, json, excel"),
    ],
)
def test_mistakes_name_the_field_and_what_to_write(
    connector: str, change: dict[str, Any], path: tuple[str | int, ...], fact: str
) -> None:
    form = read_specification(TEN[connector])
    found = mistakes(form, fill(form, entered(form)) | change)
    assert [*found] == [path]
    assert fact in found[path]
    assert "sk_live_1" not in found[path]


def test_a_reference_may_stand_where_a_pattern_is() -> None:
    form = read_specification(GITHUB)
    given = fill(form, entered(form)) | {"start_date": "${START}"}
    assert mistakes(form, given) == {}
    assert variables(configuration(form, given, references("gh"))) == ["GH_CREDENTIALS_PERSONAL_ACCESS_TOKEN", "START"]


def test_changing_the_branch_keeps_what_was_entered_in_the_other() -> None:
    form = read_specification(SNOWFLAKE)
    given = entered(form)
    credentials: Choice = given["credentials"]
    assert "credentials" not in configuration(form, given, references("x"))
    credentials.index, credentials.values[1]["username"] = 1, "ada"
    credentials.index = 0
    made = configuration(form, given, references("snow"))
    assert made["credentials"] == {"auth_type": "OAuth", "client_id": "${SNOW_CREDENTIALS_CLIENT_ID}"}
    credentials.index = 1
    assert configuration(form, given, references("snow"))["credentials"]["username"] == "ada"


def test_values_for_the_check_come_from_the_form_or_the_environment() -> None:
    form = read_specification(thing := TEN["stripe"])
    given = entered(form) | {"account_id": "acct_${REGION:-eu}"}
    with pytest.raises(MissingSecretError, match="PAY_CLIENT_SECRET"):
        configuration(form, given, values("pay", {}))
    environment = {"PAY_CLIENT_SECRET": "sk_1"}
    made = resolved(configuration(form, given, values("pay", environment)), environment)
    assert (made["client_secret"], made["account_id"]) == ("sk_1", "acct_eu")
    given["client_secret"].value = "sk_${not_a_reference}"
    made = resolved(configuration(form, given, values("pay", environment)), environment)
    assert made["client_secret"] == "sk_${not_a_reference}"
    assert thing["required"] == ["client_secret", "account_id"]


@pytest.mark.parametrize(
    "reference", ["${AWS_SECRET_ACCESS_KEY}", "${CONSOLE_PASSWORD}", "${file:GOOGLE_APPLICATION_CREDENTIALS}"]
)
def test_a_check_does_not_send_the_platforms_own_credentials(reference: str) -> None:
    form = read_specification(TEN["stripe"])
    environment = {"AWS_SECRET_ACCESS_KEY": "a", "CONSOLE_PASSWORD": "b", "GOOGLE_APPLICATION_CREDENTIALS": "c"}
    given = entered(form) | {"account_id": "acct_1"}
    given["client_secret"].reference = reference
    with pytest.raises(MissingSecretError, match="enter the value"):
        configuration(form, given, values("pay", environment))


@pytest.mark.parametrize("text", ["acct_${PAY_TOKEN}", "${PAY_TOKEN:-eu}", "${UNSET}", "${file:PAY_TOKEN}"])
def test_a_check_sends_no_variable_in_a_field_that_is_not_secret(text: str) -> None:
    with pytest.raises(MissingSecretError, match="secret fields only"):
        resolved({"account_id": text}, {"PAY_TOKEN": "t0ken"})


def test_an_emptied_list_is_written_where_the_connector_has_a_default() -> None:
    form = read_specification(POSTGRES)
    given = entered(form)
    assert given["schemas"] == ["public"]
    given["schemas"] = []
    assert configuration(form, given, references("x"))["schemas"] == []


def test_faults_of_published_specifications_are_no_mistakes_of_the_user() -> None:
    schema = {
        "properties": {
            "tenant": SECRET | {"default": "common"},
            "kinds": {"type": "string", "default": ["Hourly"]},
            "year": {"type": "string", "format": "date", "examples": ["2020", "2020-12-30"]},
            "end": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        }
    }
    form = read_specification(schema)
    given = entered(form) | {"year": "2021"}
    assert mistakes(form, given) == {}
    made = configuration(form, given, references("x"))
    assert made == {"tenant": "common", "year": "2021"}, "a default stands in the specification: it is no secret"
    assert mistakes(form, given | {"end": "soon"}) == {("end",): "Write it as 2024-01-31."}


def test_an_empty_text_is_a_value_in_a_list_only() -> None:
    schema = {"properties": {"nulls": {"type": "array", "items": {"type": "string"}}, "name": {"type": "string"}}}
    form = read_specification(schema)
    given = entered(form, {"nulls": ["", "NA"], "name": ""})
    assert mistakes(form, given) == {}
    assert configuration(form, given, references("x")) == {"nulls": ["", "NA"]}
    given["nulls"].append(None)  # a line that was added and not filled
    assert [*mistakes(form, given)] == [("nulls", 2)]


UNUSUAL: dict[str, Any] = {
    "$defs": {"node": {"type": "object", "properties": {"child": {"$ref": "#/$defs/node"}}}},
    "type": "object",
    "required": ["either", "free", "headers"],
    "properties": {
        "nullable": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "title": "Count"},
        "several": {"type": ["null", "string"]},
        "merged": {"allOf": [{"$ref": "#/$defs/node"}], "title": "Merged"},
        "either": {"oneOf": [{"type": "string", "title": "One"}, {"type": "array", "items": {"type": "string"}}]},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "free": {"type": "object"},
        "typeless": {"enum": ["a", "b", None]},
        "optional": {"type": "object", "required": ["inner"], "properties": {"inner": {"type": "string"}}},
        "broken": {"type": "string", "pattern": "^(?<name>.*)$", "examples": "plain text"},
        "nothing": True,
    },
}


def test_unusual_schemas_are_fields_too() -> None:
    form = read_specification(UNUSUAL)
    kinds = {one.key: one.kind for one in form.fields}
    assert kinds == {
        "nullable": Kind.INTEGER,
        "several": Kind.TEXT,
        "merged": Kind.ONE_OF,
        "either": Kind.ONE_OF,
        "headers": Kind.MAP,
        "free": Kind.JSON,
        "typeless": Kind.CHOICE,
        "optional": Kind.ONE_OF,
        "broken": Kind.TEXT,
    }
    given = entered(form, {"either": ["x"], "headers": {"A": "b"}, "free": {"any": [1]}, "nullable": 0})
    assert given["either"].index == 1
    found = mistakes(form, given | {"broken": "anything"})
    assert found == {("nullable",): "Enter a number of at least 1."}
    made = configuration(form, given, references("x"))
    assert made == {"either": ["x"], "headers": {"A": "b"}, "free": {"any": [1]}, "nullable": 0}
    found = mistakes(form, given | {"free": "{", "headers": [["A", "b"], ["A", "c"], ["", "d"]], "nullable": 1})
    assert {path: text.split()[-1] for path, text in found.items()} == {
        ("free",): "YAML.",
        ("headers", 1): "twice.",
        ("headers", 0): "twice.",
        ("headers", 2): "name.",
    }


def test_a_configuration_that_is_itself_a_choice() -> None:
    schema = {
        "type": "object",
        "required": ["account"],
        "properties": {"account": {"type": "string"}},
        "oneOf": [
            {"title": "Key", "required": ["key"], "properties": {"kind": {"const": "key"}, "key": {"type": "string"}}},
            {"title": "Login", "properties": {"kind": {"const": "login"}, "user": {"type": "string"}}},
        ],
    }
    form = read_specification(schema)
    assert [one.title for one in form.branches] == ["Key", "Login"]
    given = entered(form, {"kind": "login", "account": "a", "user": "u"})
    assert configuration(form, given, references("x")) == {"kind": "login", "account": "a", "user": "u"}
