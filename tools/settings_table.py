"""The table of settings for tools, which run before the package that holds the table is installed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "packages/platform_kit"))

from platform_kit.settings_table import PORTS, TABLE, Setting

__all__ = ["PORTS", "TABLE", "Setting"]
