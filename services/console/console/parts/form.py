"""A form of a connector's specification on a page. What is entered changes the values in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from console.forms.fields import Field, Kind, Path
from console.forms.mistakes import mistakes
from console.forms.secrets import Secret, variable
from console.forms.values import Choice, entered
from console.parts import pieces

LONG = 160
"""Characters. A longer description is cut and opens with a click."""
type Container = dict[str, Any] | list[Any]


class Form:
    """The fields of a connector, with the mistakes beside them."""

    def __init__(
        self,
        root: Field,
        values: Any,
        source_name: Callable[[], str],
        changed: Callable[[], object] | None = None,
    ) -> None:
        """Build the form. `source_name` gives the name of the source now; it is a part of the names of variables.

        `changed` is called after a value has been entered that is not a secret.
        """
        self.root, self.values = root, values
        self._source_name, self._changed = source_name, changed
        self._inputs: dict[Path, ValidationElement[Any]] = {}
        self._notes: dict[Path, ui.element] = {}
        self._optional: list[tuple[ui.expansion, set[Path]]] = []
        self._references: list[tuple[ui.input, Path]] = []
        with ui.element("div").classes("form"):
            self._show(root, [values], 0, ())

    def check(self) -> bool:
        """Show the mistakes beside their fields; return whether there is none."""
        found = mistakes(self.root, self.values)
        for path, shown in self._inputs.items():
            if not shown.is_deleted:
                shown.error = found.get(path)
        for path, note in self._notes.items():
            if not note.is_deleted:
                note.clear()
                if path in found:
                    with note:
                        pieces.text(found[path]).classes("field-mistake").props('role="alert"')
        for expansion, paths in self._optional:
            if any(place[: len(path)] == path for path in paths for place in found):
                expansion.open()
        return not found

    def name_references(self) -> None:
        """Show the names of the variables again, after the name of the source has changed."""
        for shown, path in self._references:
            if not shown.is_deleted:
                shown.props(pieces.props(placeholder=self._reference(path)))

    def _reference(self, path: Path) -> str:
        return f"${{{variable(self._source_name() or 'source', path)}}}"

    def _show(self, field: Field, container: Container, key: Any, path: Path) -> None:
        """Show one field, whose value is container[key]."""
        if field.hidden or field.kind is Kind.CONSTANT:
            return
        if field.kind is Kind.GROUP:
            self._group(field, container, key, path)
            return
        with ui.element("div").classes("field"):
            self._label(field)
            shows = {Kind.ONE_OF: self._one_of, Kind.LIST: self._list, Kind.MAP: self._map}
            if field.kind in shows:
                shows[field.kind](field, container, key, path)
                self._notes[path] = ui.element("div")
            elif field.secret:
                self._secret(field, container, key, path)
            else:
                self._leaf(field, container, key, path)

    def _group(self, field: Field, container: Container, key: Any, path: Path) -> None:
        values = container[key]
        shown = [one for one in field.fields if not one.hidden and one.kind is not Kind.CONSTANT]
        if path and field.title and len(shown) > 1 and isinstance(container, dict):
            pieces.text(field.title, "h3")
        title = ""
        for one in (one for one in shown if not one.advanced):
            if one.group != title and one.group:
                pieces.text(one.group, "h3")
            title = one.group
            self._show(one, values, one.key, (*path, one.key))
        optional = [one for one in shown if one.advanced]
        if optional:
            with ui.expansion(f"Optional fields ({len(optional)})").classes("optional") as expansion:
                self._optional.append((expansion, {(*path, one.key) for one in optional}))
                for one in optional:
                    self._show(one, values, one.key, (*path, one.key))

    def _label(self, field: Field) -> None:
        with ui.element("div").classes("field-label"):
            pieces.text(field.title).classes("strong")
            if field.required:
                pieces.text("required").classes("field-required")
        if not field.description:
            return
        if len(field.description) <= LONG:
            pieces.text(field.description, "p").classes("field-help")
        else:
            with ui.element("details").classes("field-help"):
                pieces.text(f"{field.description[:LONG].rsplit(' ', 1)[0]} …", "summary")
                pieces.text(field.description, "p")

    def _leaf(self, field: Field, container: Container, key: Any, path: Path) -> None:
        def put(value: Any) -> None:
            container[key] = value
            if self._changed:
                self._changed()

        value = container[key]
        label = pieces.props(aria_label=field.title)
        if field.kind is Kind.BOOLEAN:
            ui.switch(value=bool(value), on_change=lambda event: put(event.value)).props(label)
            return
        shown: ValidationElement[Any]
        if field.kind is Kind.CHOICE:
            options = {index: str(one) for index, one in enumerate(field.choices)}
            index = next((at for at, one in enumerate(field.choices) if one == value), None)
            select = ui.select(options, value=index, clearable=not field.required)
            select.on_value_change(lambda event: put(None if event.value is None else field.choices[event.value]))
            shown = select.props("outlined dense options-dense").props(label)
        elif field.multiline or field.kind is Kind.JSON:
            area = ui.textarea(value=_text(value), on_change=lambda event: put(event.value))
            shown = area.props("outlined dense autogrow").props(label).classes("mono")
            if field.kind is Kind.JSON:
                area.props(pieces.props(placeholder="JSON or YAML")).props("debounce=500")  # it can be long
        else:
            shown = ui.input(
                value=_text(value), placeholder=_placeholder(field), on_change=lambda event: put(event.value)
            )
            shown.props("outlined dense").props(label)
            if field.kind in (Kind.INTEGER, Kind.NUMBER):
                shown.props("inputmode=decimal").classes("narrow")
        self._inputs[path] = shown

    def _secret(self, field: Field, container: Container, key: Any, path: Path) -> None:
        secret: Secret = container[key]

        def value(event: Any) -> None:
            secret.value = event.value or ""

        def reference(event: Any) -> None:
            secret.reference = (event.value or "").strip()

        with ui.element("div").classes("secret"):
            if field.multiline:
                shown: ValidationElement[Any] = ui.textarea(value=secret.value, on_change=value).props("autogrow")
            else:
                shown = ui.input(value=secret.value, password=True, on_change=value)
                shown.props("autocomplete=new-password")
            shown.props("outlined dense hide-bottom-space").props(
                pieces.props(
                    aria_label=f"{field.title}: the value for the check", placeholder="Value, for the check only"
                )
            )
            written = ui.input(value=secret.reference, placeholder=self._reference(path), on_change=reference)
            self._references.append((written, path))
            written.props("outlined dense hide-bottom-space").classes("mono")
            written.props(pieces.props(aria_label=f"{field.title}: the reference in connections.yaml"))
        pieces.text(
            "The value is not kept. connections.yaml gets the reference; set its variable in connections.env.",
            "p",
        ).classes("field-help")
        self._inputs[path] = shown

    def _one_of(self, field: Field, container: Container, key: Any, path: Path) -> None:
        choice: Choice = container[key]
        options = {index: branch.title for index, branch in enumerate(field.branches)}
        box: ui.element

        def draw() -> None:
            box.clear()
            if choice.index is not None:
                branch = field.branches[choice.index]
                with box:
                    if branch.description and branch.description != field.description:
                        pieces.text(branch.description, "p").classes("field-help")
                    self._show(branch, choice.values, choice.index, path)
            box.set_visibility(bool(choice.index is not None and list(box)))

        def choose(index: int | None) -> None:
            choice.index = index
            draw()

        label = pieces.props(aria_label=field.title)
        if len(options) == 1 and not field.required:
            toggle = ui.switch(value=choice.index is not None)
            toggle.on_value_change(lambda event: choose(0 if event.value else None)).props(label)
        elif field.radio and field.required:
            ui.radio(options, value=choice.index, on_change=lambda event: choose(event.value)).props(label)
        else:
            select = ui.select(options, value=choice.index, clearable=not field.required)
            select.on_value_change(lambda event: choose(event.value))
            select.props("outlined dense options-dense").props(label)
        box = ui.element("div").classes("branch")
        draw()

    def _list(self, field: Field, container: Container, key: Any, path: Path) -> None:
        assert field.item is not None  # noqa: S101 -- for the type checker: every list has an item
        item, values = field.item, container[key]

        def show(at: int) -> None:
            with ui.element("div").classes("grow"):
                self._item(item, values, at, (*path, at))

        looks = "item item-group" if item.fields else "item"
        _entries(values, show, lambda: entered(item), f"Add {field.title.lower()}", looks)

    def _map(self, field: Field, container: Container, key: Any, path: Path) -> None:
        assert field.item is not None  # noqa: S101 -- for the type checker: every map has an item
        item, pairs = field.item, container[key]

        def show(at: int) -> None:
            self._leaf(Field("", Kind.TEXT, "Name"), pairs[at], 0, ())
            with ui.element("div").classes("grow"):
                self._item(item, pairs[at], 1, (*path, at))

        _entries(pairs, show, lambda: ["", entered(item)], "Add a name")

    def _item(self, item: Field, values: Container, at: Any, path: Path) -> None:
        if item.kind in (Kind.GROUP, Kind.ONE_OF, Kind.LIST, Kind.MAP):
            self._show(item, values, at, path)
        elif item.secret:
            self._secret(item, values, at, path)
        else:
            self._leaf(item, values, at, path)


def _entries(
    entries: list[Any], show: Callable[[int], None], new: Callable[[], Any], add_label: str, looks: str = "item"
) -> None:
    """Show entries with a button to remove each, and one to add another. `show` shows the entry at a place."""
    box: ui.element

    def draw() -> None:
        box.clear()
        with box:
            for at in range(len(entries)):
                with ui.element("div").classes(looks):
                    show(at)
                    remove = ui.button(icon="o_close", on_click=lambda _, at=at: drop(at))
                    remove.props(f'flat round dense aria-label="Remove {at + 1}"')

    def drop(at: int) -> None:
        del entries[at]
        draw()

    def add() -> None:
        entries.append(new())
        draw()

    box = ui.element("div").classes("items")
    draw()
    pieces.quiet_button(add_label, add, "o_add")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _placeholder(field: Field) -> str:
    return f"e.g. {field.examples[0]}"[:80] if field.examples else field.pattern_hint[:80]
