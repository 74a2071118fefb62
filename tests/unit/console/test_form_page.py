"""The form on a page, without a browser: every specification's fields are shown, with their mistakes beside them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from nicegui import ui
from nicegui.client import Client
from nicegui.element import Element

from console.forms.mistakes import mistakes
from console.forms.reading import read_specification
from console.forms.values import entered
from console.parts import pieces
from console.parts.form import Form

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
