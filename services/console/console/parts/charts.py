"""Numbers over time as a small chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import ui

COLOR = "#0d9488"


def line(points: Sequence[tuple[datetime, float]], zone: ZoneInfo, label: str) -> None:
    """Show a number over time, in the user's zone. `label` names it for screen readers."""
    axis = {"axisLabel": {"color": "#7a7a85", "fontSize": 11}, "splitLine": {"lineStyle": {"opacity": 0.15}}}
    options = {
        "grid": {"left": 8, "right": 16, "top": 14, "bottom": 6, "containLabel": True},
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "xAxis": {
            "type": "category",
            "data": [at.astimezone(zone).strftime("%m-%d %H:%M") for at, _ in points],
            **axis,
        },
        "yAxis": {"type": "value", "scale": True, **axis},
        "series": [
            {
                **{"type": "line", "data": [value for _, value in points], "symbolSize": 6},
                **{"lineStyle": {"color": COLOR, "width": 2}, "itemStyle": {"color": COLOR}},
            }
        ],
        "animation": False,
        "aria": {"enabled": True, "label": {"description": f"{label} over time"}},
    }
    ui.echart(options).classes("chart")
