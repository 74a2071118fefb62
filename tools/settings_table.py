"""The table of settings for tools."""

from __future__ import annotations

from platform_kit.settings_table import PORTS, TABLE, Setting, refusals

__all__ = ["PORTS", "TABLE", "Setting", "refusals"]
