"""Timeouts as labelled lines across a chart, and the room that their labels need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from observe.report.format import duration_text
from observe.report.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONT = 9


def vertical_timeout(ax: Axes, timeout_ms: float | None, word: str, row: int) -> None:
    """A line at a duration, labelled above the axes.

    Args:
        ax: axes with durations (ms) on a logarithmic x axis.
        timeout_ms: where; None draws nothing.
        word: "proposed" or "current".
        row: 0 for the label next to the axes, 1 for the one above it.
    """
    if timeout_ms is None:
        return
    ax.axvline(timeout_ms, color=LIGHT[word], lw=1.8, ls="-" if row == 0 else "--")
    left, right = ax.get_xlim()
    place = np.log(timeout_ms / left) / np.log(right / left)
    ax.annotate(
        f"{word} {duration_text(timeout_ms)}",
        xy=(timeout_ms, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 4 + 12 * row),
        textcoords="offset points",
        ha="right" if place > 0.75 else "left" if place < 0.25 else "center",
        fontsize=FONT,
        color=LIGHT[word],
        annotation_clip=False,
    )


def horizontal_timeouts(ax: Axes, timeouts: Mapping[str, float | None]) -> None:
    """Lines at durations (ms) on a logarithmic y axis, labelled above them at the right.

    Args:
        ax: axes whose limits come from :func:`value_limits`.
        timeouts: "proposed" and "current" → ms; None draws nothing.
    """
    low, high = ax.get_ylim()
    levels = _label_levels([t for t in timeouts.values() if t is not None], low, high)
    for word, timeout in timeouts.items():
        if timeout is None:
            continue
        ax.axhline(timeout, color=LIGHT[word], lw=1.5, ls="-" if word == "proposed" else "--")
        ax.annotate(
            f"{word} {duration_text(timeout)}",
            xy=(0.99, levels[timeout]),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=FONT,
            color=LIGHT[word],
        )


def value_limits(hourly: pd.DataFrame, *timeouts: float | None) -> tuple[float, float]:
    """Limits (ms) that hold all lines, with room above them for the labels of the timeouts."""
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
