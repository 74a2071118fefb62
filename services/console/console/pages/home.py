"""Home: the pipeline as a picture, the runs, and the health of every service."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import quote

from nicegui import ui

from console.clients.calls import ServiceError
from console.logic import files, health, pipeline, runs, sizes, times
from console.logic.drawing import Box
from console.logic.files import Object
from console.logic.health import Health
from console.logic.pipeline import Part
from console.logic.runs import Run
from console.logic.shared import Shared
from console.parts import picture, pieces
from console.parts.frame import Page, Visit
from console.parts.loading import loaded
from console.parts.tables import address

LOOK_SECONDS, HEALTH_SECONDS = 3.0, 10.0
S3 = "s3://"


@dataclass
class Questions:
    """What all open pages ask together."""

    parts: Shared[list[Part]]
    objects: Shared[dict[str, Object]]
    runs: Shared[list[Run]]
    health: Shared[list[Health]]


_questions: dict[int, Questions] = {}


def questions(visit: Visit) -> Questions:
    """Return the questions to the visit's services."""
    platform = visit.platform
    if id(platform) not in _questions:
        _questions[id(platform)] = Questions(
            Shared(lambda: pipeline.parts(platform.dagster), LOOK_SECONDS),
            Shared(lambda: files.newest(platform.s3), LOOK_SECONDS),
            Shared(lambda: runs.newest(platform.dagster), LOOK_SECONDS),
            Shared(lambda: health.check(platform), HEALTH_SECONDS),
        )
    return _questions[id(platform)]


def show(visit: Visit) -> None:
    """Build the page."""
    asked = questions(visit)
    dagster = visit.platform.dagster

    async def materialize() -> None:
        try:
            active = [run for run in await asked.runs() if run.is_active]
        except ServiceError as problem:
            pieces.failed(problem)
            return
        consequence = "Airbyte loads every connection's files, then dbt builds and tests every model."
        if active:
            consequence += " Another run works already; the new one waits until it can begin."
        if not await pieces.confirm("Materialize all tables?", consequence, "Materialize all"):
            return
        start.props("loading")
        try:
            await runs.launch(dagster)
        except ServiceError as problem:
            pieces.failed(problem)
            return
        finally:
            start.props(remove="loading")
            asked.runs.forget()
        pieces.told("The run was started.")
        await run_list.refresh()

    with pieces.heading("Home", "From the files to the tables that people use"):
        pieces.link_button("Open in Dagster", f"{dagster.link}/asset-groups", "o_open_in_new")
        start = pieces.button("Materialize all", materialize, "o_play_arrow")
    with pieces.card("Pipeline"):
        loaded(lambda: _asked(asked), lambda found: _pipeline(*found, visit), every=LOOK_SECONDS, lines=6)
    with ui.element("div").classes("columns"):
        with pieces.card("Runs"):
            run_list = loaded(asked.runs, lambda found: _runs(found, visit), every=LOOK_SECONDS)
        with pieces.card("Services"):
            loaded(asked.health, _services, every=HEALTH_SECONDS)


async def _asked(asked: Questions) -> tuple[list[Part], dict[str, Object]]:
    """Return the parts and the files. Without S3, the picture has no facts of the files."""
    parts, objects = await asyncio.gather(asked.parts(), asked.objects(), return_exceptions=True)
    if isinstance(parts, BaseException):
        raise parts
    if isinstance(objects, BaseException) and not isinstance(objects, ServiceError):
        raise objects
    return parts, objects if isinstance(objects, dict) else {}


def _pipeline(found: list[Part], objects: dict[str, Object], visit: Visit) -> None:
    if not found:
        pieces.empty("No tables yet", "Add a file: make new-source name=orders file=orders.csv")
        return
    picture.show([_box(part, objects, visit) for part in found], "Pipeline", titled=True)


def _box(part: Part, objects: dict[str, Object], visit: Visit) -> Box:
    """Return the box of a part: its name, its state, and one line of facts."""
    facts = [sizes.count(part.rows, "row")] if part.rows is not None else []
    facts += [times.ago(part.loaded)] if part.loaded else []
    if part.failing:
        facts = [sizes.count(len(part.failing), "check fails", "checks fail"), *facts]
    if part.is_file:
        object_ = objects.get(_key(part))
        facts = [sizes.size(object_.size), times.ago(object_.changed)] if object_ else ["in S3"]
    elif not facts:
        facts = ["not made yet"]
    return Box(
        part.key,
        part.name,
        " · ".join(facts),
        "none" if part.is_file else part.state,
        "files" if part.is_file else part.group,
        _address(part, visit),
        f"Failing: {', '.join(part.failing)}" if part.failing else part.place,
        part.upstream,
        is_file=part.is_file,
    )


def _key(part: Part) -> str:
    """Return the key of a file in the bucket."""
    return part.place.removeprefix(S3).partition("/")[2]


def _address(part: Part, visit: Visit) -> str:
    """Return the page that shows a part: the file's folder, or the table."""
    if part.is_file:
        key = _key(part)
        return f"/files?folder={quote(files.folder_of(key))}&file={quote(key)}"
    names = part.place.split(".")
    if len(names) == 3:  # project, dataset, table
        return address(".".join(names[1:]), "Checks" if part.failing else "")
    return f"{visit.platform.dagster.link}/assets/{'/'.join(map(quote, part.key))}"


def _runs(found: list[Run], visit: Visit) -> None:
    if not found:
        pieces.empty("No run yet", "Start one with the button Materialize all.", "o_play_circle")
        return
    for run in found:
        with pieces.row():
            pieces.chip(run.status)
            with ui.element("div").classes("grow"):
                address = f"{visit.platform.dagster.link}/runs/{run.id}"
                pieces.link(run.cause, address, new_tab=True)
                if run.is_active:
                    bar = ui.linear_progress(run.progress, show_value=False, size="4px").props("rounded")
                    bar.props(pieces.props(aria_label=f"{run.made} of {run.planned} tables are made"))
            if run.is_active:
                pieces.text(f"{run.made} of {run.planned}").classes("muted nowrap")
            elif run.seconds is not None:
                pieces.text(times.short(run.seconds)).classes("muted nowrap")
            pieces.when(run.started, visit.zone).classes("muted")


def _services(services: list[Health]) -> None:
    for service in services:
        with pieces.row():
            pieces.chip("down" if service.problem else "healthy")
            pieces.text(service.title).classes("strong")
            pieces.text(service.detail).classes("muted break")
            if service.problem:
                pieces.command(service.problem.remedy)


PAGE = Page("/", "Home", show, icon="o_home")
