"""Colours of Grafana's two themes, and its palette."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Theme:
    """Colours of a page."""

    page: str
    panel: str
    border: str
    text: str
    muted: str
    grid: str


DARK = Theme("#111217", "#181b1f", "#25282e", "#d0d1d6", "#8e8f97", "#2c3036")
LIGHT = Theme("#f4f5f5", "#ffffff", "#e3e4e8", "#24292e", "#6e7079", "#e7e8ec")
THEMES = {"dark": DARK, "light": LIGHT}

#: The classic palette, in the order in which series take it.
PALETTE = (
    *("#73BF69", "#F2CC0C", "#5794F2", "#FF9830", "#F2495C", "#B877D9", "#37872D", "#FA6400"),
    *("#1F60C4", "#8F3BB8", "#C4162A", "#E0B400", "#96D98D", "#8AB8FF", "#FFB357", "#FF7383"),
)
_NAMED = {
    "green": "#73BF69",
    "yellow": "#F2CC0C",
    "orange": "#FF9830",
    "red": "#F2495C",
    "blue": "#5794F2",
    "purple": "#B877D9",
}


def color(name: str) -> str:
    """A colour that matplotlib knows."""
    return _NAMED.get(name, name)


def shade(value: float, steps: Sequence[Mapping[str, Any]]) -> str:
    """The colour of a value by thresholds, lowest first; the base holds from minus infinity on."""
    found = "green"
    for step in steps:
        at = step.get("value")
        if at is None or value >= at:
            found = step["color"]
    return color(found)
