"""One connection: its tabs, and its actions with a question before each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from console.clients.calls import ServiceError
from console.logic.airbyte import actions, connection, declared
from console.logic.airbyte.actions import Action
from console.logic.airbyte.connection import MOST_JOBS, SHOWN_JOBS, Detail, Known, Stream
from console.logic.airbyte.declared import Declared
from console.logic.airbyte.states import MEANINGS
from console.pages import connection_schema, connection_status
from console.parts import pieces
from console.parts.frame import Page, Visit
from console.parts.loading import Loaded

SECONDS = 3.0
"""Between two looks at the connection."""
LOAD_SECONDS = 30.0
TABS = {"status": "Status", "timeline": "Timeline", "schema": "Schema", "state": "State", "settings": "Settings"}
LIVE = ("status", "timeline")
"""The tabs that are loaded again and again."""

type Found = tuple[Detail, Declared]
type Outcome = tuple[str, bool]
"""What to tell after an action, and whether it is bad."""


def show(visit: Visit) -> None:
    """Build the page."""
    _Connection(visit)


class _Connection:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._client = ui.context.client
        self._known: Known = {}
        self._jobs = MOST_JOBS if visit.parameters.get("jobs") == "all" else SHOWN_JOBS
        self._id = visit.parameters["id"]
        wanted = visit.parameters.get("tab", "")
        self._tab = wanted if wanted in TABS else next(iter(TABS))
        with ui.element("nav").props('aria-label="Back"'):
            pieces.link("Connections", "/connections")
        self._part = Loaded(self._load, self._show, every=SECONDS if self._tab in LIVE else 0, lines=6)

    async def _load(self) -> Found:
        platform = self._visit.platform
        service = platform.airbyte.service
        in_file = await service.call(declared.read, platform.settings.connections_file)
        asked = connection.detail(platform.airbyte, self._id, self._jobs, self._known)
        return (await service.awaited(asked, LOAD_SECONDS)).steady(), in_file

    def _show(self, found: Found) -> None:
        detail, in_file = found
        with ui.element("div").classes("page-stack"):
            with pieces.heading(detail.name):
                self._actions(detail)
            with ui.element("div").classes("about"):
                pieces.chip(detail.state).props(pieces.props(title=MEANINGS[detail.state]))
                pieces.text(f"{detail.source.name} → {detail.destination.name}").classes("muted break")
                pieces.text(f"started {detail.schedule}").classes("muted")
                pieces.text(in_file.words("connection", detail.name)).classes("muted")
            if detail.reason:
                pieces.text(detail.reason, "p").classes("note-warn")
            if in_file.mistake:
                pieces.text(in_file.mistake, "pre").classes("code mistake")
            with ui.element("nav").classes("tab-links").props('aria-label="Parts of the connection"'):
                for name, title in TABS.items():
                    entry = pieces.text(title, "a").props(pieces.props(href=f"/connections/{self._id}?tab={name}"))
                    if name == self._tab:
                        entry.classes("current").props('aria-current="page"')
            self._content(detail, in_file)

    def _content(self, detail: Detail, in_file: Declared) -> None:
        match self._tab:
            case "status":
                connection_status.status(self._visit, detail, in_file, self._clear_button)
            case "timeline":
                connection_status.timeline(self._visit, detail)
            case "schema":
                connection_schema.schema(self._visit, detail, in_file)
            case "state":
                connection_schema.state(self._visit, detail)
            case _:
                connection_schema.settings(detail, in_file)

    def _actions(self, detail: Detail) -> None:
        airbyte = self._visit.platform.airbyte
        self._button(actions.check(detail), lambda: self._check(detail), "o_fact_check")
        self._button(actions.clear(detail), lambda: actions.start_clear(airbyte, detail), "o_delete_sweep")
        if (job := detail.active_job) is not None:
            self._button(actions.cancel(detail), lambda: actions.cancel_job(airbyte, job), "o_stop")
        else:
            self._button(actions.sync(detail), lambda: actions.start_sync(airbyte, detail), "o_sync", main=True)

    def _clear_button(self, detail: Detail, stream: Stream) -> None:
        """Show the button that clears one stream."""
        airbyte = self._visit.platform.airbyte
        self._button(
            actions.clear(detail, stream), lambda: actions.start_clear(airbyte, detail, stream), "", label="Clear"
        )

    def _button(
        self,
        action: Action,
        do: Callable[[], Awaitable[object]],
        icon: str,
        *,
        main: bool = False,
        label: str = "",
    ) -> None:
        """Show an action. It asks first; a reason in its tooltip says why it cannot be done now."""

        async def ask() -> None:
            # Not in the button's place: the page redraws the button while the question is open or the answer is
            # awaited.
            with self._client:
                if not await pieces.confirm(f"{action.title}?", action.question, action.title, danger=action.danger):
                    return
                words, bad = await self._done(action, do)
                pieces.told(words, bad=bad)
            await self._part.refresh()

        shown = (pieces.button if main else pieces.quiet_button)(label or action.title, ask, icon)
        if label:
            shown.props(pieces.props(aria_label=action.title)).props("dense")
        if action.refusal:
            shown.set_enabled(False)
            # A disabled button gets no pointer events, so that the reason is at the element around it too.
            shown.props(pieces.props(title=action.refusal, aria_description=action.refusal))
            with shown:
                ui.tooltip(action.refusal)

    async def _done(self, action: Action, do: Callable[[], Awaitable[object]]) -> Outcome:
        """Do it, and return what to tell."""
        try:
            answer = await do()
        except ServiceError as problem:
            return f"{action.title}: {problem.what}. {problem.remedy}", True
        return answer if isinstance(answer, tuple) else (f"{action.title}: Airbyte has accepted the request.", False)

    async def _check(self, detail: Detail) -> Outcome:
        results = await actions.check_ends(self._visit.platform.airbyte, detail)
        lines = [f"{name}: {wrong or 'the check succeeded.'}" for name, wrong in results]
        return "\n".join(lines), any(wrong for _, wrong in results)


PAGE = Page("/connections/{id}", "Connection", show)
