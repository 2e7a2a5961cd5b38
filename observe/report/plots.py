"""Charts of one target on matplotlib axes that the caller owns; notebooks use the same ones.

Nothing here touches pyplot or other global state.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from observe.report.axes import day_axis, duration_axis, share_axis, volume_axis
from observe.report.curves import Floats, Mask, TailCurve
from observe.report.format import duration_text, quantile_name
from observe.report.palette import LIGHT
from observe.report.timeout_marks import horizontal_timeouts, value_limits, vertical_timeout

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Span = tuple[datetime, datetime]
FONT = 9


def cdf_axes(
    ax: Axes,
    curves: Sequence[TailCurve],
    *,
    quantile: float,
    estimate: tuple[float, float, float],
    bracket: tuple[float, float | None],
    proposed_ms: float | None,
    current_ms: float | None = None,
) -> Axes:
    """Share of requests slower than t, both axes logarithmic, with the timeouts as lines.

    Args:
        ax: axes to draw on.
        curves: the tail that decided, then any to compare it with.
        quantile: level that the timeout is chosen from, such as 0.999.
        estimate: the quantile with its interval: (value, low, high) in ms.
        bracket: what the bucket bounds guarantee, in ms; None: no end.
        proposed_ms, current_ms: timeouts, drawn as labelled vertical lines; None: no line.

    Returns:
        The same axes.
    """
    value, low, high = estimate
    shown = [x for x in (proposed_ms, current_ms, high) if x is not None]
    left, right = _time_limits(curves, low, max(shown))
    bottom = 10.0 ** (np.floor(np.log10(1.0 - quantile)) - 2)
    duration_axis(ax.xaxis, left, right, "duration")
    share_axis(ax, bottom, "share of requests that are slower")
    _bands(ax, bracket, (low, high))
    ax.axhline(1.0 - quantile, color=LIGHT["muted"], lw=0.8, ls=":")
    _draw_curves(ax, curves, bottom)
    name = f"{quantile_name(quantile)}: {duration_text(value)}"
    ax.plot([value], [1.0 - quantile], "D", ms=5.5, color=LIGHT["ink"], label=name)
    vertical_timeout(ax, current_ms, "current", row=1)
    vertical_timeout(ax, proposed_ms, "proposed", row=0)
    # Drawn from the back to the front, read from the most to the least important.
    count = len(ax.get_legend_handles_labels()[0])
    _legend(ax, columns=1, order=[*range(count - 2, 1, -1), count - 1, 1, 0])
    return ax


def timeline_axes(
    ax: Axes,
    hourly: pd.DataFrame,
    *,
    volume_ax: Axes | None = None,
    busiest: Mask | None = None,
    excluded: Sequence[Span] = (),
    proposed_ms: float | None = None,
    current_ms: float | None = None,
) -> Axes:
    """Latency of successes over the window, with what counted and what was left out.

    Args:
        ax: axes to draw on.
        hourly: one row a step: time (UTC), requests, p50_ms, p99_ms, p999_ms.
        volume_ax: axes below for the requests of each step; None: not drawn.
        busiest: mask of the steps pooled as the busiest, shaded.
        excluded: half-open spans left out as incidents, shaded.
        proposed_ms, current_ms: timeouts, drawn as labelled horizontal lines.

    Returns:
        The same axes.
    """
    times = _days(hourly["time"])
    step = times[1] - times[0] if len(times) > 1 else 1 / 24
    low, high = value_limits(hourly, proposed_ms, current_ms)
    duration_axis(ax.yaxis, low, high, "latency of successes")
    for panel in (ax, volume_ax):
        if panel is not None:
            _shade(panel, times, step, busiest, excluded)
            day_axis(panel, times[0], times[-1] + step, labels=panel is (volume_ax or ax))
    _draw_lines(ax, times + step / 2, hourly)
    horizontal_timeouts(ax, {"proposed": proposed_ms, "current": current_ms})
    legend_above(ax)
    if volume_ax is not None:
        _draw_volume(volume_ax, times, step, hourly["requests"].to_numpy())
    return ax


def _bands(ax: Axes, bracket: tuple[float, float | None], interval: tuple[float, float]) -> None:
    end = bracket[1] if bracket[1] is not None else ax.get_xlim()[1]
    ax.axvspan(bracket[0], end, color=LIGHT["grid"], alpha=0.5, lw=0, label="its bucket")
    ax.axvspan(*interval, color=LIGHT["busy"], lw=0, label="interval")


def _draw_curves(ax: Axes, curves: Sequence[TailCurve], bottom: float) -> None:
    styles = ((LIGHT["p999"], 1.8, "-"), (LIGHT["p99"], 1.0, "--"))
    for curve, (colour, width, dash) in list(zip(curves, styles, strict=False))[::-1]:
        _draw_curve(ax, curve, colour, width, dash, bottom)


def _draw_lines(ax: Axes, times: Floats, hourly: pd.DataFrame) -> None:
    for name, label in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9")):
        ax.plot(times, hourly[f"{name}_ms"].to_numpy(), color=LIGHT[name], lw=1.1, label=label)


def _draw_volume(ax: Axes, times: Floats, step: float, requests: Floats) -> None:
    rates = requests / (step * 86_400)
    edges = np.append(times, times[-1] + step)
    ax.stairs(rates, edges, fill=True, color=LIGHT["volume"], lw=0)
    volume_axis(ax, rates)


def _draw_curve(
    ax: Axes, curve: TailCurve, colour: str, width: float, dash: str, bottom: float
) -> None:
    seen = curve.shares > bottom / 10
    ax.plot(
        curve.times_ms[seen], curve.shares[seen], color=colour, lw=width, ls=dash, label=curve.name
    )
    counted = (curve.edge_shares > 0) & (curve.edge_shares < 1)
    ax.plot(curve.edges_ms[counted], curve.edge_shares[counted], "o", ms=3.5, color=colour, lw=0)


def _time_limits(curves: Sequence[TailCurve], low: float, longest: float) -> tuple[float, float]:
    """From where nearly all requests are slower, to past the longest line."""
    starts = [c.times_ms[np.searchsorted(-c.shares, -0.97)] for c in curves if c.times_ms.size]
    left = min([*starts, low]) * 0.8
    return max(left, longest / 1e5), longest * 1.5


def _days(moments: pd.Series[pd.Timestamp]) -> Floats:
    """Days since 1970, matplotlib's own unit for dates."""
    return moments.dt.tz_convert("UTC").dt.as_unit("s").astype("int64").to_numpy() / 86_400.0


def _shade(
    ax: Axes, times: Floats, step: float, busiest: Mask | None, excluded: Sequence[Span]
) -> None:
    if busiest is not None and busiest.any():
        turns = np.flatnonzero(np.diff(np.concatenate(([0], busiest.astype(int), [0]))))
        pairs = zip(turns[::2], turns[1::2], strict=True)
        shade_spans(
            ax, [(times[a], times[b - 1] + step) for a, b in pairs], "busy", "busiest hours"
        )
    if excluded:
        days = [[pd.Timestamp(t).timestamp() / 86_400 for t in span] for span in excluded]
        shade_spans(ax, [(first, last) for first, last in days], "excluded", "left out")


def shade_spans(ax: Axes, spans: Sequence[tuple[float, float]], colour: str, label: str) -> None:
    """Full-height bands, one patch for all of them."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners = [[(a, 0), (a, 1), (b, 1), (b, 0), (a, 0)] for a, b in spans]
    outline = Path.make_compound_path(*(Path(corner, closed=True) for corner in corners))
    place = ax.get_xaxis_transform()
    ax.add_patch(PathPatch(outline, transform=place, color=LIGHT[colour], lw=0, label=label))


def legend_above(ax: Axes) -> None:
    """A legend of one row above the axes."""
    _legend(ax, columns=5)


def _legend(ax: Axes, columns: int, order: Sequence[int] | None = None) -> None:
    """In one row above the axes, or as a column in the lower left corner."""
    handles, names = ax.get_legend_handles_labels()
    order = order or range(len(handles))
    ax.legend(
        [handles[i] for i in order],
        [names[i] for i in order],
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.99) if columns > 1 else None,
        ncols=columns,
        fontsize=FONT - 1,
        frameon=False,
        handlelength=1.3,
        handletextpad=0.5,
        columnspacing=1.0,
        labelspacing=0.3,
        labelcolor=LIGHT["ink"],
    )
