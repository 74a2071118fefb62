"""The whole page, as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.page import docker, growth, latency, loads
from benchmarks.page.series import all_plots
from benchmarks.page.words import words

SECTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "loads": loads.show,
    "latency": latency.show,
    "growth": growth.show,
    "docker": docker.show,
}

BUSY = 1.0
"""From this load average on, before anything is measured, the page says that other work may have run."""


def page(parts: dict[str, Any]) -> str:
    """Return the page for the parts that were measured."""
    plots = all_plots(parts)
    lines = [words("head"), "", *machine(parts)]
    for name, show in SECTIONS.items():
        if name not in parts:
            continue
        lines += [show(parts[name]).rstrip(), ""]
        for file, plot in plots.items():
            if file.startswith(name):
                lines += [f"![{plot['title']}: {plot['x']}](benchmarks/{file})", ""]
    return "\n".join([*lines, words("how"), ""])


def machine(parts: dict[str, Any]) -> list[str]:
    """Return where, when and of what each part was measured, and each case that was measured again alone."""
    lines = ["| part | date | commit | machine | load before | minutes |", "|---|---|---|---|--:|--:|"]
    measured = [(name, parts[name]) for name in SECTIONS if name in parts]
    again = [case for case in parts.get("loads", {}).get("cases", {}).values() if "about" in case]
    measured[1:1] = [(f"loads: {loads.title(case)}", case) for case in again]
    for name, part in measured:
        about = part["about"]
        found = about["machine"]
        described = f"{found['processor']}, {found['cores']} cores, {found['memory']}, {found['system']}"
        minutes = f"{part['seconds'] / 60:.0f}"
        lines.append(f"| {name} | {about['date']} | {about['commit']} | {described} | {found['load']} | {minutes} |")
    versions = {pair for _, part in measured for pair in part["about"]["versions"].items()}
    listed = ", ".join(f"{name} {version}" for name, version in sorted(versions, key=lambda pair: pair[0].lower()))
    lines += ["", f"Versions: {listed}.", ""]
    if any(part["about"]["machine"]["load"] >= BUSY for _, part in measured):
        lines += [f"**Before a part, the load was {BUSY:g} or more**: other work may have made the times longer.", ""]
    return lines
