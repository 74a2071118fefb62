"""Fixtures of the connector runner's tests: a fake connector, its fork server, and a runner."""

from .fake_connector import fake_connector, fork_server, runner

__all__ = ["fake_connector", "fork_server", "runner"]
