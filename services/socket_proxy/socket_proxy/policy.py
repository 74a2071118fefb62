"""The policies: what Dagster may do with its run workers, and Airbyte (real or airbyte-lite) with connectors."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Protocol

from socket_proxy import connector, image_connector, worker
from socket_proxy.calls import CONNECTOR_CALLS, IMAGE_CONNECTOR_CALLS, RUN_WORKER_CALLS, Call, Calls
from socket_proxy.errors import Refused
from socket_proxy.settings import ConnectorSettings, ImageSettings, Settings, WorkerSettings


class Policy(Protocol):
    """The allowed calls, and the requests that are sent for a creation and for an image lookup."""

    calls: Calls

    def creation(self, call: Call, body: bytes) -> tuple[Call, dict[str, Any]]:
        """Returns the call and the body to send; raises Refused."""
        ...

    def check_image(self, call: Call) -> Call:
        """Returns the image lookup to send; raises Refused for an image that the caller may not use."""
        ...


class RunWorkers:
    """Dagster's DockerRunLauncher: run workers of the platform's own image."""

    calls = RUN_WORKER_CALLS

    def __init__(self, settings: WorkerSettings) -> None:
        """Keeps the settings."""
        self.settings = settings

    def creation(self, call: Call, body: bytes) -> tuple[Call, dict[str, Any]]:
        """Builds a run worker from the body that Dagster's launcher sends."""
        return call, worker.container(worker.parse_create(body, self.settings), self.settings)

    def check_image(self, call: Call) -> Call:
        """Raises Refused: Dagster does not look up images."""
        raise Refused(f"{call.name} is not an allowed call")


class Connectors:
    """The worker of the real Airbyte: connectors of the images that Airbyte publishes."""

    calls = CONNECTOR_CALLS

    def __init__(self, settings: ConnectorSettings) -> None:
        """Keeps the settings."""
        self.settings = settings

    def creation(self, call: Call, body: bytes) -> tuple[Call, dict[str, Any]]:
        """Builds a connector from the body that Docker's command line sends; prefixes its name with the project's."""
        payload = connector.container(connector.parse_create(body, self.settings), self.settings)
        name = call.query.get("name")
        return replace(call, query={"name": f"{self.settings.project}-{name}"} if name else {}), payload

    def check_image(self, call: Call) -> Call:
        """Allows the lookup of a connector's image, by a path or by a filter on the name."""
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


class ImageConnectors:
    """airbyte-lite: source connectors that are images."""

    calls = IMAGE_CONNECTOR_CALLS

    def __init__(self, settings: ImageSettings) -> None:
        """Keeps the settings."""
        self.settings = settings

    def creation(self, call: Call, body: bytes) -> tuple[Call, dict[str, Any]]:
        """Builds a connector from the body that airbyte-lite sends."""
        return call, image_connector.container(image_connector.parse_create(body, self.settings), self.settings)

    def check_image(self, call: Call) -> Call:
        """Allows the lookup of a connector's image."""
        self.settings.require_image(str(call.image))
        return call


def policy(settings: Settings) -> Policy:
    """Returns the policy that belongs to the settings."""
    if isinstance(settings, ConnectorSettings):
        return Connectors(settings)
    if isinstance(settings, ImageSettings):
        return ImageConnectors(settings)
    if isinstance(settings, WorkerSettings):
        return RunWorkers(settings)
    raise TypeError(f"no policy has {type(settings).__name__}")
