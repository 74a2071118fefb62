"""The table of settings for tools. They run before its package, platform_kit, is installed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "packages/platform_kit"))

from platform_kit.settings_table import PORTS, TABLE, Setting

__all__ = ["PORTS", "TABLE", "Setting"]
