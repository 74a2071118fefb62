"""The programs behind the Makefile: they install the environments and start the platform.

They use the standard library only, because they run before anything is installed. `tools.stack` and `tools.install` run
on Python 3.9 or newer, `tools.local` on the platform's Python 3.13. Run them from the root of the checkout, for example
`python3 -m tools.stack doctor`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType


def _without_interrupts(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):  # Ctrl-C during the imports; afterwards endings.py tells
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _without_interrupts

# Tools use platform_kit's modules of the standard library, and run before that package is installed.
sys.path.append(str(Path(__file__).resolve().parent.parent / "packages/platform_kit"))
