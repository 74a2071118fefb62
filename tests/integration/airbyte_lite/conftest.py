"""A connector for tests, and what runs it."""

from .fake_connector import fake_connector, fork_server, runner

__all__ = ["fake_connector", "fork_server", "runner"]
