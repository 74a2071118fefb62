"""Draws the plots of the page as SVG.

Runs in the environment benchmarks/plots. Usage: python -m benchmarks.page.plots FOLDER, the folder of results.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

from benchmarks.page.series import all_plots, digest

matplotlib.use("svg")
from matplotlib import pyplot

STYLE = {
    "svg.hashsalt": "benchmarks",  # the same data make the same file
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
}
OURS, OTHERS = "#2563a8", ("#c2571a", "#4d8f3a", "#8a5aa8", "#7a7a7a", "#b89b1d")
MARKERS = "os^Dvx"


def draw(plot: dict[str, Any], file: Path) -> None:
    """Draw one plot into an SVG file."""
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(7.6, 3.4), layout="constrained")
        if plot["kind"] == "bars":
            bars(axes, plot["series"])
        else:
            lines(axes, plot)
        axes.set(title=plot["title"], xlabel=plot["x"], ylabel=plot.get("y", ""))
        metadata = {"Date": None, "Creator": None, "Title": plot["title"], "Description": f"data {digest(plot)}"}
        figure.savefig(file, format="svg", metadata=metadata)
        pyplot.close(figure)
    text = file.read_text()
    file.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")


def bars(axes: Any, series: dict[str, float]) -> None:
    """Draw horizontal bars, the first at the top, each with its figure."""
    names = list(reversed(series))
    colours = [OURS if name.startswith("ours") else "#9aa4ae" for name in names]
    drawn = axes.barh(names, [series[name] for name in names], color=colours)
    axes.bar_label(drawn, fmt="%.3g", padding=3)
    axes.grid(axis="y", visible=False)


def lines(axes: Any, plot: dict[str, Any]) -> None:
    """Draw a line for each series; both axes are logarithmic in the kind `log lines`."""
    for at, (name, points) in enumerate(plot["series"].items()):
        colour = OURS if at == 0 else OTHERS[(at - 1) % len(OTHERS)]
        x, y = zip(*points, strict=True)
        marker = MARKERS[at % len(MARKERS)] if len(points) < 20 else ""
        axes.plot(x, y, label=name, color=colour, marker=marker, markersize=4)
    if plot["kind"] == "log lines":
        axes.set(xscale="log", yscale="log")
    else:
        axes.set_ylim(bottom=0)
    if len(plot["series"]) > 1:
        axes.legend(frameon=False, fontsize=9)


def main(folder: Path) -> None:
    """Draw all plots of the results in a folder; remove those of parts that are not there any more."""
    plots = all_plots(json.loads((folder / "results.json").read_text())["parts"])
    for old in folder.glob("*.svg"):
        if old.name not in plots:
            old.unlink()
    for name, plot in plots.items():
        draw(plot, folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
