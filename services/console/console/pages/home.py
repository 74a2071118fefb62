"""Home: the health of every service."""

from __future__ import annotations

from console.logic import health
from console.logic.health import Health
from console.parts import pieces
from console.parts.frame import Page, Visit
from console.parts.loading import loaded

HEALTH_SECONDS = 10.0


def show(visit: Visit) -> None:
    """Build the page."""
    with pieces.heading("Home"):
        pass
    with pieces.card("Services"):
        loaded(lambda: health.check(visit.platform), _services, every=HEALTH_SECONDS)


def _services(services: list[Health]) -> None:
    for service in services:
        with pieces.row():
            pieces.text(service.title).classes("strong")
            pieces.chip("down" if service.problem else "healthy")
            pieces.text(service.detail).classes("muted")
            if service.problem:
                pieces.command(service.problem.remedy)


PAGE = Page("/", "Home", show, icon="o_home")
