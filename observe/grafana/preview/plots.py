"""Panels with a time axis: lines, stacked areas, bars, bands of states, heatmaps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, MaxNLocator

from observe.grafana.preview.ask import Panel, Series
from observe.grafana.preview.theme import PALETTE, Theme, color, shade
from observe.grafana.preview.units import written

_LINE = 1.2


def bare(axes: Axes, theme: Theme) -> None:
    """A panel's plot area: a faint grid, no frame."""
    axes.set_facecolor(theme.panel)
    axes.grid(True, color=theme.grid, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=theme.muted, labelsize=7.5, length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def clock(axes: Axes, times: Sequence[float]) -> None:
    """Times of day under the plot; dates when it spans more than two days."""
    first, last = times[0], times[-1]
    form = "%m/%d" if last - first > 2 * 86_400 else "%H:%M"
    axes.set_xlim(first, last)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    steps = [60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400]
    step = next((s for s in steps if (last - first) / s <= 7), 86_400)
    axes.set_xticks(np.arange(math.ceil(first / step) * step, last + 1, step))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda at, _: datetime.fromtimestamp(at, UTC).strftime(form))
    )


def lines(axes: Axes, panel: Panel, found: Sequence[Series], theme: Theme) -> None:
    """Lines, or stacked areas and bars where the panel says so."""
    bare(axes, theme)
    custom = panel["fieldConfig"]["defaults"].get("custom", {})
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    clock(axes, list(found[0].times))
    if stacked:
        _stack(axes, found, bars=custom.get("drawStyle") == "bars")
    elif custom.get("drawStyle") == "bars":
        for number, one in enumerate(found):
            width = (one.times[-1] - one.times[0]) / len(one.times)
            axes.bar(one.times, one.values, width=width, color=_of(number), alpha=0.8)
    else:
        for number, one in enumerate(found):
            axes.plot(one.times, one.values, color=_of(number), linewidth=_LINE)
            axes.fill_between(one.times, one.values, color=_of(number), alpha=0.06, linewidth=0)
    _scale(axes, panel, found, stacked=stacked)
    if custom.get("thresholdsStyle", {}).get("mode") == "dashed":
        _limits(axes, panel)


def _of(number: int) -> str:
    return PALETTE[number % len(PALETTE)]


def _stack(axes: Axes, found: Sequence[Series], *, bars: bool) -> None:
    base = np.zeros(len(found[0].times))
    width = (found[0].times[-1] - found[0].times[0]) / len(base)
    for number, one in enumerate(found):
        top = base + np.nan_to_num(one.values)
        if bars:
            axes.bar(one.times, top - base, bottom=base, width=width, color=_of(number), alpha=0.8)
        else:
            axes.fill_between(one.times, base, top, color=_of(number), alpha=0.25, linewidth=0)
            axes.plot(one.times, top, color=_of(number), linewidth=_LINE)
        base = top


def _scale(axes: Axes, panel: Panel, found: Sequence[Series], *, stacked: bool) -> None:
    """From zero to a little above the highest value, with the unit at the ticks."""
    tables = np.vstack([one.values for one in found])
    filled = np.nan_to_num(tables, nan=0.0, posinf=0.0)
    highest = float(filled.sum(axis=0).max() if stacked else filled.max())
    lowest = float(min(0.0, filled.min()))
    defaults = panel["fieldConfig"]["defaults"]
    highest = max(highest, defaults.get("custom", {}).get("axisSoftMax", 0.0))
    axes.set_ylim(lowest, (highest or 1.0) * 1.08)
    if "max" in defaults:
        axes.set_ylim(top=defaults["max"])
    axes.yaxis.set_major_locator(MaxNLocator(4))
    unit = defaults.get("unit", "none")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: written(value, unit)))


def _limits(axes: Axes, panel: Panel) -> None:
    top = axes.get_ylim()[1]
    for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]:
        at = step.get("value")
        if at is not None and at <= top:
            axes.axhline(at, color=color(step["color"]), linewidth=1, linestyle=(0, (6, 5)))


def bands(axes: Axes, panel: Panel, found: Sequence[Series], theme: Theme) -> None:
    """One band for each series, coloured by thresholds."""
    bare(axes, theme)
    axes.grid(False)
    times = found[0].times
    clock(axes, list(times))
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    width = float(times[1] - times[0]) if len(times) > 1 else 60.0
    for row, one in enumerate(found):
        for at, value in zip(one.times, one.values, strict=True):
            if not math.isnan(value):
                axes.barh(row, width, left=at, height=0.82, color=shade(value, steps), linewidth=0)
    axes.set_yticks(range(len(found)), [_shortened(one.name, 34) for one in found])
    axes.set_ylim(len(found) - 0.5, -0.5)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def heat(axes: Axes, panel: Panel, found: Sequence[Series], theme: Theme) -> None:
    """Buckets over time; cumulative ones are taken apart, as Grafana does."""
    bare(axes, theme)
    axes.grid(False)
    by_bound = sorted(found, key=lambda one: float(one.labels["le"]))
    clock(axes, list(by_bound[0].times))
    table = np.vstack([np.nan_to_num(one.values) for one in by_bound])
    parts = np.clip(np.diff(table, axis=0, prepend=0.0), 0.0, None)
    colors = LinearSegmentedColormap.from_list("oranges", [theme.panel, "#ff9830", "#a33c00"])
    times = by_bound[0].times
    extent = (float(times[0]), float(times[-1]), -0.5, len(by_bound) - 0.5)
    axes.imshow(np.sqrt(parts), aspect="auto", origin="lower", extent=extent, cmap=colors, vmin=0.0)
    unit = panel["fieldConfig"]["defaults"].get("unit", "none")
    names = [_bound(one.labels["le"], unit) for one in by_bound]
    every = max(1, len(names) // 8)
    axes.set_yticks(range(0, len(names), every), names[::every])


def _bound(le: str, unit: str) -> str:
    return "+Inf" if math.isinf(float(le)) else written(float(le), unit)


def legend_rows(panel: Panel, found: Sequence[Series]) -> list[tuple[str, str, str, str]]:
    """Colour, name, last value and largest value of each series; the largest first."""
    unit: Any = panel["fieldConfig"]["defaults"].get("unit", "none")
    rows = []
    for number, one in enumerate(found):
        finite = one.values[np.isfinite(one.values)]
        last, most = (finite[-1], finite.max()) if len(finite) else (math.nan, math.nan)
        rows.append((float(most), _of(number), one.name, float(last)))
    rows.sort(key=lambda row: math.inf if math.isnan(row[0]) else -row[0])
    return [
        (tint, name, written(last, unit), written(most, unit)) for most, tint, name, last in rows
    ]
