"""Waits until the services answer."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from airbyte_as_code.airbyte_client import AirbyteClient
from airbyte_as_code.errors import UserError
from bootstrap.settings import Settings

POLL_SECONDS = 0.5


def wait(settings: Settings, seconds: float, say: Callable[[str], None]) -> None:
    """Return when S3 and Airbyte answer. Raises UserError if one does not answer within `seconds`."""
    start = time.monotonic()
    with AirbyteClient(settings) as airbyte:
        services = {f"Airbyte at {settings.airbyte_url}": airbyte.health}
        if settings.s3_endpoint:
            services = {f"S3 at {settings.s3_endpoint}": lambda: _reach(settings.s3_endpoint or "")} | services
        for name, is_there in services.items():
            told = False
            while problem := _problem(is_there):
                if not told:
                    say(f"waiting for {name} (at most {seconds:.0f} s)")
                    told = True
                if time.monotonic() - start > seconds:
                    raise UserError(
                        f"{name} did not answer within {seconds:.0f} s. The last attempt: {problem}\n"
                        "Start it and read its log, or wait longer with --timeout."
                    )
                time.sleep(POLL_SECONDS)
            say(f"{name} answers after {time.monotonic() - start:.1f} s")


def _reach(url: str) -> None:
    """Return if S3 answers. A refusal counts as an answer, because this request has no credentials."""
    response = httpx.get(url, timeout=5)
    if response.is_server_error:
        raise UserError(f"it answered {response.status_code}")


def _problem(is_there: Callable[[], None]) -> str | None:
    try:
        is_there()
    except (httpx.TransportError, UserError) as error:
        return str(error).partition("\n")[0] or type(error).__name__
    return None
