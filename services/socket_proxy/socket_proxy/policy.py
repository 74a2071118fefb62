"""The two policies: what Dagster may do with its run workers, and the real Airbyte's worker with its connectors."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Protocol

from socket_proxy import connector, worker
from socket_proxy.calls import CONNECTOR_CALLS, RUN_WORKER_CALLS, Call, Calls
from socket_proxy.errors import Refused
from socket_proxy.settings import ConnectorSettings, Settings, WorkerSettings


class Policy(Protocol):
    """Which calls there are, and what is sent for a creation and for a look at images."""

    calls: Calls

    def creation(self, call: Call, body: bytes) -> tuple[Call, dict[str, Any]]:
        """Returns the call and the body to send; raises Refused."""
        ...

    def check_image(self, call: Call) -> Call:
        """Returns the call to send that looks at an image; raises Refused for images that are none of the caller's."""
        ...


class RunWorkers:
    """Dagster's DockerRunLauncher: run workers of the platform's own image."""

    calls = RUN_WORKER_CALLS

    def __init__(self, settings: WorkerSettings) -> None:
        """Keeps the settings."""
        self.settings = settings

    def creation(self, call: Call, body: bytes) -> tuple[Call, dict[str, Any]]:
        """Makes a run worker of what Dagster's launcher sends."""
        return call, worker.container(worker.parse_create(body, self.settings), self.settings)

    def check_image(self, call: Call) -> Call:
        """Dagster looks at no image."""
        raise Refused(f"{call.name} is not one of the calls that are needed here")


class Connectors:
    """The worker of the real Airbyte: connectors of the images that Airbyte publishes."""

    calls = CONNECTOR_CALLS

    def __init__(self, settings: ConnectorSettings) -> None:
        """Keeps the settings."""
        self.settings = settings

    def creation(self, call: Call, body: bytes) -> tuple[Call, dict[str, Any]]:
        """Makes a connector of what Docker's command line sends; its name gets the project's as a prefix."""
        payload = connector.container(connector.parse_create(body, self.settings), self.settings)
        name = call.query.get("name")
        return replace(call, query={"name": f"{self.settings.project}-{name}"} if name else {}), payload

    def check_image(self, call: Call) -> Call:
        """Lets connectors' images be looked at, by a path or by a filter on the name."""
        if call.image:
            self.settings.require_image(call.image)
            return call
        try:
            filters = json.loads(call.query["filters"])
            [image] = filters.pop("reference")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused("images are listed by one name: filters={'reference': …}", 400) from error
        if filters:
            raise Refused("images are listed by one name, without further filters", 400)
        self.settings.require_image(str(image))
        return replace(call, query={"filters": json.dumps({"reference": [image]})})


def policy(settings: Settings) -> Policy:
    """Returns the policy that settings are for."""
    if isinstance(settings, ConnectorSettings):
        return Connectors(settings)
    if isinstance(settings, WorkerSettings):
        return RunWorkers(settings)
    raise TypeError(f"no policy has {type(settings).__name__}")
