"""The page's part about containers."""

from __future__ import annotations

from typing import Any

from benchmarks.page import runs
from benchmarks.page.markdown import number


def show(part: dict[str, Any]) -> str:
    """Return the section."""
    lines = ["## On Docker", ""]
    if "error" in part:
        lines += [f"Not everything was measured: {part['error']}", ""]
    if "up" in part:
        lines += [
            f"`make up` takes {number(part['up'])} s until every service is healthy. The first one, which also makes "
            f"the project's images, took {number(part['up_with_images'])} s.",
            "",
        ]
    if found := part.get("runs"):
        lines += ["A run of all assets; each run has a container of its own:", "", runs.split(found), ""]
    if found := part.get("memory"):
        told = ", ".join(f"{name} {number(mebibytes)}" for name, mebibytes in found.items())
        lines += [f"Memory after the runs, MiB: {told}; {number(sum(found.values()))} in all.", ""]
    return "\n".join(lines)
