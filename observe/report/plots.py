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
    end = bracket[1] if bracket[1] is not None else right
    ax.axvspan(bracket[0], end, color=LIGHT["grid"], alpha=0.5, lw=0, label="its bucket")
    ax.axvspan(low, high, color=LIGHT["busy"], lw=0, label="interval")
    ax.axhline(1.0 - quantile, color=LIGHT["muted"], lw=0.8, ls=":")
    styles = ((LIGHT["p999"], 1.8, "-"), (LIGHT["p99"], 1.0, "--"))
    for curve, (colour, width, dash) in list(zip(curves, styles, strict=False))[::-1]:
        _draw_curve(ax, curve, colour, width, dash, bottom)
    name = f"{quantile_name(quantile)}: {duration_text(value)}"
    ax.plot([value], [1.0 - quantile], "D", ms=5.5, color=LIGHT["ink"], label=name)
    _vertical(ax, current_ms, "current", "current", row=1)
    _vertical(ax, proposed_ms, "proposed", "proposed", row=0)
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
    low, high = _value_limits(hourly, proposed_ms, current_ms)
    timeouts = [("proposed", proposed_ms), ("current", current_ms)]
    levels = _label_levels([t for _, t in timeouts if t is not None], low, high)
    duration_axis(ax.yaxis, low, high, "latency of successes")
    for panel in (ax, volume_ax):
        if panel is not None:
            _shade(panel, times, step, busiest, excluded)
            day_axis(panel, times[0], times[-1] + step, labels=panel is (volume_ax or ax))
    for name in ("p50", "p99", "p999"):
        label = "p99.9" if name == "p999" else name
        values = hourly[f"{name}_ms"].to_numpy()
        ax.plot(times + step / 2, values, color=LIGHT[name], lw=1.1, label=label)
    for word, timeout in timeouts:
        if timeout is not None:
            _horizontal(ax, timeout, word, levels[timeout])
    _legend(ax, columns=5)
    if volume_ax is not None:
        rates = hourly["requests"].to_numpy() / (step * 86_400)
        edges = np.append(times, times[-1] + step)
        volume_ax.stairs(rates, edges, fill=True, color=LIGHT["volume"], lw=0)
        volume_axis(volume_ax, rates)
    return ax


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


def _value_limits(hourly: pd.DataFrame, *timeouts: float | None) -> tuple[float, float]:
    """All lines, with room above them for the labels of the timeouts."""
    columns = hourly[["p50_ms", "p99_ms", "p999_ms"]].to_numpy(dtype="float64")
    values = [*columns[np.isfinite(columns) & (columns > 0)], *(t for t in timeouts if t)]
    if not values:
        return 1.0, 1_000.0
    low, high = float(min(values)) / 1.2, float(max(values)) * 1.1
    return low, high * (high / low) ** 0.3


def _label_levels(timeouts: Sequence[float], low: float, high: float) -> dict[float, float]:
    """Where the label of each line stands (ms): above it, and above one that is close."""
    line = (high / low) ** 0.1
    levels: dict[float, float] = {}
    for timeout in sorted(timeouts, reverse=True):
        above = [t for t in levels if t < timeout * line]
        levels[timeout] = max([timeout, *above]) * line ** len(above)
    return levels


def _days(moments: pd.Series[pd.Timestamp]) -> Floats:
    """Days since 1970, matplotlib's own unit for dates."""
    return moments.dt.tz_convert("UTC").dt.as_unit("s").astype("int64").to_numpy() / 86_400.0


def _vertical(ax: Axes, x: float | None, colour: str, word: str, row: int) -> None:
    if x is None:
        return
    ax.axvline(x, color=LIGHT[colour], lw=1.8, ls="-" if row == 0 else "--")
    left, right = ax.get_xlim()
    place = np.log(x / left) / np.log(right / left)
    side = "right" if place > 0.75 else "left" if place < 0.25 else "center"
    ax.annotate(
        f"{word} {duration_text(x)}",
        xy=(x, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 4 + 12 * row),
        textcoords="offset points",
        ha=side,
        fontsize=FONT,
        color=LIGHT[colour],
        annotation_clip=False,
    )


def _horizontal(ax: Axes, y: float, word: str, label_at: float) -> None:
    ax.axhline(y, color=LIGHT[word], lw=1.5, ls="-" if word == "proposed" else "--")
    ax.annotate(
        f"{word} {duration_text(y)}",
        xy=(0.99, label_at),
        xycoords=("axes fraction", "data"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=FONT,
        color=LIGHT[word],
    )


def _shade(
    ax: Axes, times: Floats, step: float, busiest: Mask | None, excluded: Sequence[Span]
) -> None:
    if busiest is not None and busiest.any():
        turns = np.flatnonzero(np.diff(np.concatenate(([0], busiest.astype(int), [0]))))
        pairs = zip(turns[::2], turns[1::2], strict=True)
        _spans(ax, [(times[a], times[b - 1] + step) for a, b in pairs], "busy", "busiest hours")
    if excluded:
        days = [[pd.Timestamp(t).timestamp() / 86_400 for t in span] for span in excluded]
        _spans(ax, [(first, last) for first, last in days], "excluded", "left out")


def _spans(ax: Axes, spans: Sequence[tuple[float, float]], colour: str, label: str) -> None:
    """Full-height bands, one patch for all of them."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners = [[(a, 0), (a, 1), (b, 1), (b, 0), (a, 0)] for a, b in spans]
    outline = Path.make_compound_path(*(Path(corner, closed=True) for corner in corners))
    place = ax.get_xaxis_transform()
    ax.add_patch(PathPatch(outline, transform=place, color=LIGHT[colour], lw=0, label=label))


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
