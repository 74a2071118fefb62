"""New source: the form of a connector, its check, its streams, and the texts to copy into the checkout."""

from __future__ import annotations

from nicegui import ui

from console.clients.calls import ServiceError
from console.forms.fields import Field
from console.forms.secrets import MissingSecretError, references
from console.forms.values import configuration
from console.logic.airbyte import declared, new_source
from console.logic.airbyte.connection import Stream
from console.logic.airbyte.declared import Declared
from console.logic.airbyte.new_source import Connector
from console.pages.new_source_streams import Streams
from console.parts import pieces
from console.parts.frame import Page, Visit
from console.parts.loading import loaded
from console.parts.source_form import SourceForm

UNFILTERED = 9
"""So many connectors need no filter."""
SHOWN = 60
"""Connectors on the page; the filter finds the others."""


def show(visit: Visit) -> None:
    """Build the page: the choice of a connector, or the form of the chosen one."""
    chosen = visit.parameters.get("connector")
    with pieces.heading("New source", "The form makes a block for connections.yaml. Nothing is saved in Airbyte."):
        if chosen:
            pieces.quiet_button("Another connector", lambda: ui.navigate.to("/connections/new"), "o_arrow_back")
    if chosen:
        loaded(lambda: _opened(visit, chosen), lambda found: _source(visit, *found), lines=8)
    else:
        with ui.element("p").classes("muted"):
            pieces.text("A file of your own needs no form: ")
            pieces.mono("make new-source name=… file=…")
            pieces.text(" finds its columns, types and key. Another connector of Airbyte's catalogue: ")
            pieces.mono("make connector name=source-…")
        loaded(lambda: new_source.connectors(visit.platform.airbyte), _choose, lines=6)


def _choose(found: list[Connector]) -> None:
    if not found:
        pieces.empty("This Airbyte has no source connector", "docs/add-a-connector.md says how to add one.")
        return
    box: ui.element

    def draw(text: str) -> None:
        box.clear()
        matching = [one for one in found if text.lower() in f"{one.title} {one.name}".lower()]
        with box:
            for one in matching[:SHOWN]:
                _tile(one)
            if len(matching) > SHOWN:
                pieces.text(f"{len(matching) - SHOWN} more: use the filter.", "p").classes("muted")
            if not matching:
                pieces.empty("No connector matches the filter", "docs/add-a-connector.md says how to add one.")

    if len(found) > UNFILTERED:
        search = ui.input(placeholder="Filter the connectors", on_change=lambda event: draw(event.value or ""))
        search.props('outlined dense clearable debounce=150 aria-label="Filter the connectors"')
    box = ui.element("div").classes("columns tiles")
    draw("")


def _tile(one: Connector) -> None:
    address = pieces.props(href=f"/connections/new?connector={one.definition_id}")
    with ui.element("a").props(address).classes("card tile"):
        pieces.text(one.title).classes("strong")
        pieces.text(f"{one.name} {one.version}").classes("muted")


async def _opened(visit: Visit, definition_id: str) -> tuple[Connector, Field, Declared]:
    platform = visit.platform
    airbyte = platform.airbyte
    found = await new_source.connectors(airbyte)
    connector = next((one for one in found if one.definition_id == definition_id), None)
    if connector is None:
        raise airbyte.service.error("this Airbyte has no such connector", "Choose another one on the page New source.")
    in_file = await airbyte.service.call(declared.read, platform.settings.connections_file)
    return connector, await new_source.form(airbyte, definition_id, in_file.workspace or None), in_file


def _source(visit: Visit, connector: Connector, root: Field, in_file: Declared) -> None:
    _Source(visit, connector, root, in_file)


class _Source:
    """The form of one connector, and what follows from it."""

    def __init__(self, visit: Visit, connector: Connector, root: Field, in_file: Declared) -> None:
        self._visit, self._connector, self._in_file = visit, connector, in_file
        self._name = ""
        with ui.element("div").classes("page-stack"):
            with pieces.card(connector.title, f"{connector.name} {connector.version}"):
                if connector.documentation.startswith("https://"):
                    pieces.link("Airbyte's page about this connector", connector.documentation, new_tab=True)
                with ui.element("div").classes("field"):
                    with ui.element("div").classes("field-label"):
                        pieces.text("Name").classes("strong")
                        pieces.text("required").classes("field-required")
                    pieces.text("Of the source, the connection and the dbt source, for example orders.", "p").classes(
                        "field-help"
                    )
                    self._name_input = ui.input(on_change=self._named).props('outlined dense aria-label="Name"')
                self._form = SourceForm(root, lambda: self._name)
            with ui.element("div").classes("line"):
                self._check_button = pieces.button("Check and discover", self._check, "o_fact_check")
                self._said = ui.element("div").classes("grow").props('aria-live="polite"')
            self._result = ui.element("div").classes("page-stack")

    def _named(self, event: object) -> None:
        self._name = str(getattr(event, "value", "") or "").strip()
        self._form.name_references()

    async def _check(self) -> None:
        """Check the form, then the configuration; then show the streams."""
        self._result.clear()
        wrong = new_source.name_mistake(self._name, self._in_file)
        self._name_input.error = wrong or None
        if not self._form.check() or wrong:
            self._say("Correct the fields that are marked.", bad=True)
            return
        self._check_button.props("loading")
        self._say("The connector checks whether it reaches the source …")
        try:
            await self._checked()
        except MissingSecretError as error:
            self._say(str(error), bad=True)
        except ServiceError as problem:
            self._say("")
            with self._result:
                pieces.error(problem)
        finally:
            self._check_button.props(remove="loading")

    async def _checked(self) -> None:
        airbyte, workspace = self._visit.platform.airbyte, self._in_file.workspace or None
        given, hidden = new_source.for_check(self._form.root, self._form.values, self._name)
        if wrong := await new_source.check(airbyte, self._connector, given, workspace, hidden):
            self._say(f"The check failed: {wrong}", bad=True)
            return
        self._say("The check succeeded. The connector lists its streams …")
        found = await new_source.discover(airbyte, self._connector, given, workspace, hidden)
        self._say(f"The check succeeded: {len(found)} stream{'s' * (len(found) != 1)}.")
        self._streams(found)

    def _streams(self, found: list[Stream]) -> None:
        written = configuration(self._form.root, self._form.values, references(self._name))
        with self._result:
            Streams(self._name, self._connector, written, found, self._in_file)

    def _say(self, words: str, *, bad: bool = False) -> None:
        self._said.clear()
        with self._said:
            pieces.text(words).classes("field-mistake" if bad else "muted")


PAGE = Page("/connections/new", "New source", show)
