"""Cumulative histogram buckets to plain counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def parse_bound(text: str) -> float:
    """A value of the label `le` as a number; NaN when it is none."""
    try:
        return float(text)  # reads "0.5", "1e+06" and "+Inf"
    except ValueError:
        return float("nan")


def plain_counts(groups: Sequence[int], bounds: Floats, cumulative: Floats) -> tuple[Floats, float]:
    """Requests per bucket from requests up to and including each bucket.

    Increases of cumulative buckets are extrapolated one by one, so that a bucket may end up a
    little below the one before it; a running maximum repairs that, as `histogram_quantile` does.

    Args:
        groups: histogram that each of S series belongs to.
        bounds: upper bound of each series' bucket (S).
        cumulative: increases, array (S, T); 0 where there is no sample.

    Returns:
        Array (S, T) of plain counts, zero or above, whose sum over a histogram is its total; and
        the share of all requests that the repair moved or added.
    """
    if not cumulative.size:
        return np.zeros_like(cumulative), 0.0
    order = np.lexsort((bounds, np.asarray(groups)))
    starts = _starts(np.asarray(groups)[order])
    given = np.maximum(cumulative[order], 0.0)
    raised = _running_maximum(given, starts)
    total = float(np.maximum.reduceat(raised, starts, axis=0).sum())
    moved = float(np.maximum.reduceat(raised - given, starts, axis=0).sum())
    below = np.vstack((np.zeros_like(raised[:1]), raised[:-1]))
    below[starts] = 0.0
    counts = np.empty_like(cumulative)
    counts[order] = raised - below
    return counts, moved / total if total > 0 else 0.0


def lower_bounds(groups: Sequence[int], bounds: Floats) -> Floats:
    """The bound of the bucket before, in the same histogram; 0 for the first bucket.

    Args:
        groups: histogram that each of S series belongs to.
        bounds: upper bound of each series' bucket (S).
    """
    lower = np.zeros_like(bounds)
    if not bounds.size:
        return lower
    order = np.lexsort((bounds, np.asarray(groups)))
    before = np.append(0.0, bounds[order][:-1])
    before[_starts(np.asarray(groups)[order])] = 0.0
    lower[order] = before
    return lower


def _starts(sorted_groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of the first row of each group."""
    return np.flatnonzero(np.append(True, sorted_groups[1:] != sorted_groups[:-1]))


def _running_maximum(values: Floats, starts: NDArray[np.int64]) -> Floats:
    """Maximum of each row and those before it in its group, for all groups at once."""
    sizes = np.diff(np.append(starts, len(values)))
    raised = values.copy()
    for rank in range(1, int(sizes.max())):
        rows = starts[sizes > rank] + rank
        raised[rows] = np.maximum(raised[rows], raised[rows - 1])
    return raised
