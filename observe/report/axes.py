"""Axes that read in units: durations, shares, days. Ticks are computed once, not searched for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from observe.report.format import count_text, duration_text, rate_text, share_text
from observe.report.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis

FONT = 9


def duration_axis(axis: XAxis | YAxis, low: float, high: float, what: str) -> None:
    """A logarithmic axis of durations from `low` to `high` ms, ticks like `10 ms` and `1 s`."""
    ax = axis.axes
    if axis.axis_name == "x":
        ax.set_xscale("log")
        ax.set_xlim(low, high)
    else:
        ax.set_yscale("log")
        ax.set_ylim(low, high)
    ticks = log_ticks(low, high)
    _ticks(axis, ticks, [duration_text(t) for t in ticks])
    _label(axis, what)


def log_ticks(low: float, high: float) -> list[float]:
    """At most seven round numbers between two limits: decades, or 1-2-5 in a narrow range."""
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    for leading in ((1, 2, 5), (1, 3), (1,)):
        ticks = [m * 10.0**e for e in range(first, last + 1) for m in leading]
        ticks = [t for t in ticks if low <= t <= high]
        if len(ticks) <= 7:
            return ticks
    return ticks[:: -(-len(ticks) // 7)]


def share_axis(ax: Axes, bottom: float, what: str) -> None:
    """A logarithmic y axis of shares from `bottom` (a power of ten) to 100 %."""
    ax.set_yscale("log")
    ax.set_ylim(bottom, 1.0)
    ticks = 10.0 ** np.arange(round(np.log10(bottom)), 1)
    _ticks(ax.yaxis, list(ticks), [share_text(float(t)) for t in ticks])
    _label(ax.yaxis, what)


def volume_axis(ax: Axes, rates: NDArray[np.float64]) -> None:
    """A linear y axis of requests per second, from 0 with one tick at the busiest step."""
    top = float(np.nanmax(rates, initial=0.0))
    ax.set_ylim(0, top * 1.15 or 1.0)
    _ticks(ax.yaxis, [0.0, top], ["0", rate_text(top)] if top > 0 else ["0", ""])
    _label(ax.yaxis, "requests")


def count_axis(ax: Axes, top: float, what: str) -> None:
    """A linear y axis of counts from 0 to `top`, at most six ticks at round numbers."""
    ax.set_yscale("linear")
    ax.set_ylim(0, top or 1.0)
    rough = (top or 1.0) / 5
    size = 10.0 ** np.floor(np.log10(rough))
    step = next(m * size for m in (1, 2, 5, 10) if m * size >= rough * (1 - 1e-9))
    ticks = [float(t) for t in np.arange(0, (top or 1.0) + 1e-9, max(step, 1e-9))]
    _ticks(ax.yaxis, ticks, [count_text(t) for t in ticks])
    _label(ax.yaxis, what)


def day_axis(ax: Axes, start: float, end: float, labels: bool = True) -> None:
    """An x axis in days since 1970 (UTC): midnights as `Mon 16`, or hours up to two days."""
    if end <= start:
        return
    ax.set_xlim(start, end)
    if end - start > 2:
        every, form = float(np.ceil((end - start) / 8)), "%a %d"
    else:
        every, form = max(1.0, float(np.ceil((end - start) * 24 / 6))) / 24, "%H:%M"
    ticks = np.arange(np.floor(start), end, every)
    ticks = ticks[ticks >= start - 1e-9]
    moments = [datetime.fromtimestamp(round(float(t) * 86_400), UTC) for t in ticks]
    names = [m.strftime(form).replace(" 0", " ") if labels else "" for m in moments]
    _ticks(ax.xaxis, list(ticks), names)
    if labels:
        _label(ax.xaxis, "time in UTC")


def _ticks(axis: XAxis | YAxis, places: list[object] | list[float], names: list[str]) -> None:
    from matplotlib.ticker import NullLocator

    axis.set_ticks(places, labels=names)  # type: ignore[arg-type]
    axis.set_minor_locator(NullLocator())
    # Marks are left out: the grid shows the same, and they double the size of an SVG.
    axis.set_tick_params(labelsize=FONT, labelcolor=LIGHT["ink"], bottom=False, left=False)
    axis.grid(True, color=LIGHT["grid"], lw=0.6, clip_on=False)
    axis.axes.set_axisbelow(True)
    axis.axes.spines[["top", "right"]].set_visible(False)
    axis.axes.spines[["left", "bottom"]].set_color(LIGHT["grid"])


def _label(axis: XAxis | YAxis, text: str) -> None:
    axis.set_label_text(text, fontsize=FONT, color=LIGHT["muted"])
    if axis.axis_name == "y":
        axis.set_label_coords(-0.165, 0.5)
