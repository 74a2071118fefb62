"""The form of a source: the connector's fields and, for a manifest in the configuration, the manifest's own fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from console.forms.fields import Field, Kind
from console.forms.manifests import MANIFEST, ManifestError, has_manifest, manifest_fields, with_fields
from console.forms.values import entered
from console.parts import pieces
from console.parts.form import Form


class SourceForm:
    """The fields of a source. Those of a manifest are shown as soon as it is entered."""

    def __init__(self, root: Field, source_name: Callable[[], str]) -> None:
        """Build the form; `source_name`: see Form."""
        self._source_name = source_name
        self._has_manifest = has_manifest(root)
        self._own: Form | None = None
        self._text: str | None = None
        self._right = True
        self._entered: dict[str, tuple[Field, Any]] = {}
        """What was last entered into each field of the manifest, also while the manifest is not valid."""
        self._form = Form(root, entered(root), source_name, self._read if self._has_manifest else None)
        self._box = ui.element("div").classes("form")

    @property
    def root(self) -> Field:
        """All fields."""
        return with_fields(self._form.root, self._own.root.fields) if self._own else self._form.root

    @property
    def values(self) -> Any:
        """What is entered into all fields."""
        return self._form.values | self._own.values if self._own else self._form.values

    def check(self) -> bool:
        """Show the mistakes beside their fields; return whether there is none."""
        right = self._read() if self._has_manifest else True
        return all([right, self._form.check(), self._own is None or self._own.check()])

    def name_references(self) -> None:
        """Show the names of the variables again, after the name of the source has changed."""
        self._form.name_references()
        if self._own:
            self._own.name_references()

    def _read(self) -> bool:
        """Show the fields of the manifest, if they are not shown already. Return False if they cannot be read."""
        text = self._form.values[MANIFEST]
        if text != self._text:
            self._text = text
            try:
                fields = manifest_fields(text, [one.key for one in self._form.root.fields])
            except ManifestError as error:
                self._right = False
                self._show((), str(error))
            else:
                if not self._right or fields != (self._own.root.fields if self._own else ()):
                    self._show(fields)
                self._right = True
        return self._right

    def _show(self, fields: tuple[Field, ...], wrong: str = "") -> None:
        """Show these fields with what was entered into them before, or what is wrong with the manifest."""
        if self._own:
            self._entered |= {one.key: (one, self._own.values[one.key]) for one in self._own.root.fields}
        self._own = None
        self._box.clear()
        with self._box:
            if wrong:
                pieces.text(wrong, "p").classes("field-mistake").props('role="alert"')
            if fields:
                pieces.text("Fields of the manifest", "h3")
                group = Field("", Kind.GROUP, "", fields=fields)
                kept = {key: value for key, (field, value) in self._entered.items() if field in fields}
                self._own = Form(group, entered(group) | kept, self._source_name)
