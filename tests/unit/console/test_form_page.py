"""The form on a page, without a browser: every specification's fields are shown, with their mistakes beside them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from nicegui import ui
from nicegui.client import Client
from nicegui.element import Element

from console.forms.manifests import MANIFEST, ManifestError, manifest_fields
from console.forms.mistakes import mistakes
from console.forms.reading import read_specification
from console.forms.secrets import references
from console.forms.values import configuration, entered
from console.parts import pieces, source_form
from console.parts.form import Form
from console.parts.source_form import SourceForm

from .specifications import MYSQL, SALESFORCE, STRIPE, TEN


def on_a_page[T](build: Callable[[], T]) -> tuple[T, list[Element]]:
    """Return what a function builds on an empty page, and the elements of the page."""

    async def built() -> tuple[T, list[Element]]:
        with Client(ui.page("/"), request=None) as client:
            return build(), [*client.elements.values()]

    return asyncio.run(built())


def labels(elements: list[Element]) -> set[str]:
    return {str(element.props["aria-label"]) for element in elements if "aria-label" in element.props}


@pytest.mark.parametrize("connector", TEN)
def test_every_field_of_a_new_form_is_shown_and_every_mistake_marked(connector: str) -> None:
    form = read_specification(TEN[connector])
    values = entered(form)

    def build() -> bool:
        return Form(form, values, lambda: "orders").check()

    right, elements = on_a_page(build)
    found = mistakes(form, values)
    assert right == (not found)
    marked = [element for element in elements if getattr(element, "error", None)]
    noted = [element for element in elements if "field-mistake" in element.classes]
    assert len(marked) + len(noted) == len(found)
    assert {one.title for one in form.fields if not one.hidden and one.kind not in ("group", "list", "map")} <= {
        label.partition(": ")[0] for label in labels(elements)
    }


def test_a_secret_is_typed_unseen_and_its_reference_follows_the_name() -> None:
    form = read_specification(STRIPE)
    name = ["orders"]

    def build() -> Form:
        return Form(form, entered(form), lambda: name[0])

    built, elements = on_a_page(build)
    [value] = [one for one in elements if "the value for the check" in str(one.props.get("aria-label"))]
    assert value.props["type"] == "password"
    [reference] = [one for one in elements if "the reference" in str(one.props.get("aria-label"))]
    assert reference.props["placeholder"] == "${ORDERS_CLIENT_SECRET}"
    name[0] = "refunds"
    built.name_references()
    assert reference.props["placeholder"] == "${REFUNDS_CLIENT_SECRET}"


LOW_CODE = {  # the specification of source-declarative-manifest
    "type": "object",
    "required": ["__injected_declarative_manifest"],
    "properties": {"__injected_declarative_manifest": {"title": "Low-code manifest", "type": "object"}},
}
OWN = """
version: 6.0.0
type: DeclarativeSource
spec:
  type: Spec
  connection_specification:
    required: [token, since]
    properties:
      token: {type: string, title: Token, airbyte_secret: true, order: 0}
      since: {type: string, title: Start date, format: date, order: 1}
      region: {type: string, title: Region, enum: [eu, us], default: eu, order: 2}
"""


def test_what_is_entered_outlives_a_manifest_that_is_not_valid_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(text: str, taken: list[str]) -> Any:
        asked.append(text)
        return manifest_fields(text, taken)

    def build() -> Any:
        form = SourceForm(read_specification(LOW_CODE), lambda: "users")
        area = next(one for one in ui.context.client.elements.values() if isinstance(one, ui.textarea))
        assert "debounce" in area.props, "each reading of a long manifest takes time"
        area.value = OWN
        form._own.values |= {"since": "2026-01-31", "region": "us"}  # type: ignore[union-attr]
        area.value = OWN + "{"
        assert not form.check()
        area.value = ""
        area.value = OWN.replace("Region", "Zone")
        form.check()
        return form.values

    asked: list[str] = []
    monkeypatch.setattr(source_form, "manifest_fields", read)
    values, _ = on_a_page(build)
    assert (values["since"], values["region"]) == ("2026-01-31", "eu"), "the field Zone is another one"
    assert len(asked) == 4, "an equal text is not read again"


def test_a_manifest_brings_its_own_fields() -> None:
    def build() -> list[Any]:
        form = SourceForm(read_specification(LOW_CODE), lambda: "users")
        area = next(one for one in ui.context.client.elements.values() if isinstance(one, ui.textarea))
        outcomes: list[Any] = [form.check()]
        area.value = OWN
        shown = labels([*ui.context.client.elements.values()])
        outcomes += [form.check(), shown, [one.key for one in form.root.fields]]
        form.values["token"].value = "s3cret"
        start = next(one for one in form._own.values if one == "since")  # type: ignore[union-attr]
        form._own.values[start] = "2026-01-31"  # type: ignore[union-attr]
        area.value = OWN.replace("Region", "Zone")  # keeps what was entered into the other fields
        outcomes += [form.check(), configuration(form.root, form.values, references("users"))]
        area.value = "just words"
        alerts = [one for one in ui.context.client.elements.values() if one.props.get("role") == "alert"]
        return [*outcomes, form.check(), [str(getattr(one, "text", "")) for one in alerts]]

    (without, unfilled, shown, keys, filled, made, wrong, alerts), _ = on_a_page(build)
    assert (without, unfilled, filled, wrong) == (False, False, True, False)
    assert {"Start date", "Region", "Token: the value for the check"} <= shown
    assert keys == [MANIFEST, "token", "since", "region"]
    assert made[MANIFEST]["version"] == "6.0.0"
    assert {key: made[key] for key in keys[1:]} == {"token": "${USERS_TOKEN}", "since": "2026-01-31", "region": "eu"}
    assert any("mapping" in text for text in alerts)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{", "JSON or YAML"),
        ("[1]", "mapping"),
        ("spec: [1]", "connection_specification"),
        ("spec: {connection_specification: 1}", "connection_specification"),
        (
            "spec: {connection_specification: {oneOf: [{title: a, properties: {x: {}}}, {properties: {y: {}}}]}}",
            "choice",
        ),
    ],
)
def test_a_wrong_manifest_is_told(text: str, fact: str) -> None:
    with pytest.raises(ManifestError, match=fact):
        manifest_fields(text)


@pytest.mark.parametrize("text", ["", None, "version: 6.0.0", "spec: {connection_specification: {type: object}}"])
def test_a_manifest_without_a_specification_has_no_more_fields(text: str | None) -> None:
    assert manifest_fields(text) == ()


def test_what_is_entered_changes_the_values() -> None:
    form = read_specification(MYSQL)
    values: dict[str, Any] = entered(form)

    def build() -> None:
        Form(form, values, lambda: "x")
        elements = ui.context.client.elements.values()
        [host] = [one for one in elements if isinstance(one, ui.input) and one.props.get("aria-label") == "Host"]
        host.value = "db"
        [choice] = [one for one in elements if isinstance(one, ui.radio)]
        choice.value = 0

    on_a_page(build)
    assert values["host"] == "db"
    assert values["replication_method"].index == 0


def test_a_mistake_opens_the_optional_fields_around_it() -> None:
    form = read_specification(SALESFORCE)
    values = entered(form)
    values["start_date"] = "soon"

    def build() -> list[bool]:
        Form(form, values, lambda: "x").check()
        return [one.value for one in ui.context.client.elements.values() if isinstance(one, ui.expansion)]

    opened, _ = on_a_page(build)
    assert opened == [True]


def test_a_prop_can_be_any_text() -> None:
    text = 'two\nlines\r, a "quote" and \\n'
    shown, _ = on_a_page(lambda: pieces.text("x").props(pieces.props(title=text)))
    assert shown.props["title"] == text
