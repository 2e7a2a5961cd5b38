"""Panels without a time axis: single numbers, tables, bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from observe.grafana.preview.ask import Answer, Panel, Series
from observe.grafana.preview.theme import Theme, shade
from observe.grafana.preview.units import written

Cell = tuple[str, str | None]


#: Letters of a bar's name that fit beside it, for each column of the grid.
_LETTERS = 5.2


def _empty(axes: Axes) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def number(axes: Axes, panel: Panel, found: Sequence[Series], theme: Theme) -> None:
    """One number, with its course behind it; several as a list of names and numbers."""
    _empty(axes)
    defaults = panel["fieldConfig"]["defaults"]
    steps = defaults["thresholds"]["steps"]
    last = [(one, _last(one)) for one in found if not math.isnan(_last(one))]
    if not last:
        text = defaults.get("noValue", "No data")
        base = shade(float(text), steps) if text.isdigit() else theme.muted
        axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=24, color=base, weight="bold")
        return
    if panel["options"].get("textMode") == "value_and_name":
        _named(axes, last, defaults, theme)
        return
    one, value = last[0]
    tint = shade(value, steps)
    if panel["options"].get("graphMode") == "area" and len(one.values) > 1:
        _course(axes, one, tint)
    text = written(value, defaults["unit"], defaults.get("decimals"))
    axes.text(0.5, 0.6, text, ha="center", va="center", fontsize=21, color=tint, weight="bold")


def _last(one: Series) -> float:
    finite = one.values[np.isfinite(one.values)]
    return float(finite[-1]) if len(finite) else math.nan


def _course(axes: Axes, one: Series, tint: str) -> None:
    x = np.linspace(0, 1, len(one.values))
    span = np.nanmax(one.values) - np.nanmin(one.values)
    y = 0.02 + 0.24 * (one.values - np.nanmin(one.values)) / (span or 1.0)
    axes.fill_between(x, 0, y, color=tint, alpha=0.16, linewidth=0)
    axes.plot(x, y, color=tint, linewidth=1.1)


def _named(
    axes: Axes, last: Sequence[tuple[Series, float]], defaults: Mapping[str, Any], theme: Theme
) -> None:
    shown = last[:6]
    for row, (one, value) in enumerate(shown):
        y = 1 - (row + 0.5) / len(shown)
        text = written(value, defaults["unit"], defaults.get("decimals"))
        tint = shade(value, defaults["thresholds"]["steps"])
        axes.text(0.06, y, one.name, va="center", fontsize=9, color=theme.text)
        axes.text(0.94, y, text, va="center", ha="right", fontsize=11, color=tint, weight="bold")


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def bars(axes: Axes, panel: Panel, found: Sequence[Series], theme: Theme) -> None:
    """One horizontal bar for each series, the largest first."""
    _empty(axes)
    defaults = panel["fieldConfig"]["defaults"]
    ranked = sorted(found, key=_last, reverse=True)[:15]
    most = max((_last(one) for one in ranked), default=0.0) or 1.0
    room = round(_LETTERS * panel["gridPos"]["w"])
    for row, one in enumerate(ranked):
        y, height = 1 - (row + 0.5) / len(ranked), 0.7 / len(ranked)
        value = _last(one)
        axes.add_patch(Rectangle((0.42, y - height / 2), 0.44, height, color=theme.grid))
        width = 0.44 * max(0.0, value) / most
        tint = shade(value, defaults["thresholds"]["steps"])
        axes.add_patch(Rectangle((0.42, y - height / 2), width, height, color=tint, alpha=0.85))
        axes.text(
            0.41, y, _short(one.name, room), ha="right", va="center", fontsize=7.5, color=theme.text
        )
        text = written(value, defaults["unit"], defaults.get("decimals"))
        axes.text(0.87, y, text, va="center", fontsize=8, color=theme.text)


def table(axes: Axes, panel: Panel, answers: Sequence[Answer], theme: Theme, rows: int) -> None:
    """The answers merged by their labels, sorted as the panel says."""
    _empty(axes)
    heads, body = merged(panel, answers)
    shown = body[:rows]
    widths = _widths(heads, [[text for text, _ in line] for line in shown])
    step = 1 / (rows + 1)
    left = 0.0
    for column, head in enumerate(heads):
        axes.text(left + 0.008, 1 - step / 2, head, va="center", fontsize=8.5, color="#6e9fff",
                  weight="bold")  # fmt: skip
        for row, line in enumerate(shown):
            text, tint = line[column]
            y = 1 - (row + 1.5) * step
            if tint:
                axes.add_patch(
                    Rectangle((left, y - step / 2), widths[column], step * 0.94, color=tint)
                )
            ink = "#111217" if tint else theme.text
            axes.text(left + 0.008, y, text, va="center", fontsize=8, color=ink)
        left += widths[column]
    for row in range(len(shown) + 1):
        axes.axhline(1 - (row + 1) * step, color=theme.grid, linewidth=0.7)


def _widths(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> list[float]:
    longest = [
        max([len(head), *(len(line[column]) for line in lines)]) + 3
        for column, head in enumerate(heads)
    ]
    return [length / sum(longest) for length in longest]


def merged(panel: Panel, answers: Sequence[Answer]) -> tuple[list[str], list[list[Cell]]]:
    """Heads, and lines of texts with their colours, as Grafana's merge and organize make them."""
    organize = next(t for t in panel["transformations"] if t["id"] == "organize")["options"]
    titles, places = organize["renameByName"], organize["indexByName"]
    names = sorted(titles, key=lambda name: places[name])
    labels = [name for name in names if not name.startswith("Value")]
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for answer in answers:
        column = f"Value #{answer.letter}" if f"Value #{answer.letter}" in titles else "Value"
        for one in answer.series:
            key = tuple(one.labels.get(label, "") for label in labels)
            found.setdefault(key, {})[column] = float(one.values[-1])
    by = panel["options"]["sortBy"][0]["displayName"]
    rank = next(name for name in names if titles[name] == by)

    def order(item: tuple[tuple[str, ...], dict[str, float]]) -> float:
        value = item[1].get(rank, math.nan)
        return math.inf if math.isnan(value) else -value

    rules = {o["matcher"]["options"]: o["properties"] for o in panel["fieldConfig"]["overrides"]}
    lines: list[list[Cell]] = []
    for key, values in sorted(found.items(), key=order):
        cells: list[Cell] = [(text, None) for text in key]
        cells += [
            _cell(values.get(name, math.nan), rules.get(titles[name], ()))
            for name in names[len(labels) :]
        ]
        lines.append(cells)
    return [titles[name] for name in names], lines


def _cell(value: float, properties: Sequence[Mapping[str, Any]]) -> Cell:
    if math.isnan(value):
        return "", None
    given = {p["id"]: p["value"] for p in properties}
    text = written(value, given.get("unit", "none"), given.get("decimals"))
    steps = given.get("thresholds", {}).get("steps", ())
    tint = shade(value, steps) if "custom.cellOptions" in given and steps else ""
    return text, tint if tint not in ("", "transparent") else None
