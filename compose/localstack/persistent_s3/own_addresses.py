"""Makes LocalStack listen on the addresses in GATEWAY_LISTEN only.

Its server takes the port and listens on every IPv4 address of the machine: without a container around it, everybody in
the network could read and change the objects.
"""

from types import SimpleNamespace
from typing import Any

from localstack import config
from localstack.runtime.server import twisted as server
from twisted.internet import endpoints


def listen_on_own_addresses() -> None:
    """Let the server, which does not listen yet, listen on the configured addresses."""
    hosts = {address.port: address.host for address in config.GATEWAY_LISTEN}

    def endpoint(reactor: Any, port: int) -> endpoints.TCP4ServerEndpoint:
        return endpoints.TCP4ServerEndpoint(reactor, port, interface=hosts[port])

    server.endpoints = SimpleNamespace(TCP4ServerEndpoint=endpoint, TCP6ServerEndpoint=endpoints.TCP6ServerEndpoint)
