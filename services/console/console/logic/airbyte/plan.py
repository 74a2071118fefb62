"""The plan of `make plan` for the page Changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from airbyte_as_code.change import Action
from airbyte_as_code.errors import UserError
from airbyte_as_code.overview import Item, Overview, overview
from connections_file import ConnectionsFileError
from console.clients.airbyte import Airbyte
from console.settings import Settings

PLAN_SECONDS = 90.0
FIELD = re.compile(r"\S+: (?:.* → |changed \(secret\)|may have been changed by hand)", re.DOTALL)
"""A detail that is one field: `path: old → new`."""

WORDS = {
    Action.CREATE: "is created",
    Action.UPDATE: "is changed",
    Action.REPLACE: "is deleted and created again",
    Action.DELETE: "is deleted",
    Action.UNCHANGED: "stays as it is",
}


@dataclass(frozen=True)
class Access:
    """What the plan needs to reach Airbyte: the console's settings under the names of airbyte_as_code."""

    settings: Settings

    @property
    def airbyte_url(self) -> str:
        """The address without /api."""
        return self.settings.airbyte_url

    @property
    def public_api_url(self) -> str | None:
        """The address of the public API, if it is another one."""
        return self.settings.public_api_url

    @property
    def client_id(self) -> str | None:
        """The id of an application."""
        return self.settings.client_id

    @property
    def client_secret(self) -> str | None:
        """The application's secret."""
        return self.settings.client_secret

    @property
    def username(self) -> str | None:
        """A user's name."""
        return self.settings.username

    @property
    def password(self) -> str | None:
        """The user's password."""
        return self.settings.airbyte_password

    def secrets(self) -> list[str]:
        """Return the values that no message may show."""
        return self.settings.secrets()


async def planned(airbyte: Airbyte, settings: Settings) -> Overview:
    """Return the plan. Raises ServiceError with the text of `make plan` if it cannot be made."""
    try:
        return await airbyte.service.limited(PLAN_SECONDS, lambda: _planned(settings))
    except Exception as error:
        cause = error.__cause__
        if isinstance(cause, UserError | ConnectionsFileError):
            raise airbyte.service.error(str(cause), "make plan") from cause
        raise


def _planned(settings: Settings) -> Overview:
    return overview(
        Access(settings), settings.connections_file, settings.state_directory, connectors=settings.connectors or ""
    )


def notes(item: Item) -> list[str]:
    """Return the details that are sentences: a lost sync state, why a change waits, what Airbyte has noticed."""
    return [detail for detail in item.details if not FIELD.match(detail)]


def diff_lines(item: Item) -> Iterator[str]:
    """Yield the fields that differ in one object as lines of a diff, with ` `, `-` or `+` in front."""
    for detail in filter(FIELD.match, item.details):
        path, _, change = detail.partition(": ")
        old, arrow, new = change.partition(" → ")
        if not arrow:
            yield f" {detail}"
            continue
        if old != "(absent)":
            yield f"-{path}: {old}"
        if new != "(absent)":
            yield f"+{path}: {new}"


def summary(found: Overview) -> str:
    """Return the sentence about the whole plan."""
    changed = found.differences
    if not changed:
        return "Airbyte has what connections.yaml declares."
    left = sum(item.needs_consent for item in changed)
    text = f"make apply would change {len(changed)} of {len(found.items)} objects."
    return f"{text} {left} of them need --prune, at least in part." if left else text
