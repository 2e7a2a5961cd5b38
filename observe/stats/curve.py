"""The survival curve behind a histogram: share of requests slower than t, for every t.

`docs/method-quantiles.md` derives it and says where it is weak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from observe.stats.histogram import Histogram
from observe.stats.meanfit import fit_mean
from observe.stats.papers import LOGNORMAL, POINTS, WEIBULL, Paper, draw

Floats = NDArray[np.float64]

#: The curve is the mean of the survival drawn on these papers.
PAPERS = (LOGNORMAL, WEIBULL)
#: The first bucket of a layout starts at 0, which log time has not: at this part of its end.
EARLIEST = 0.05


@dataclass(frozen=True)
class SurvivalCurve:
    """S(t), the share of requests slower than t, and its inverse.

    Attributes:
        times: knots in ms, increasing; empty when nothing was seen.
        shares: S at the knots, non-increasing. It starts at 1 and ends at 0, or at the share of
            the bucket without end, where the curve stays: nothing is known beyond.
    """

    times: Floats
    shares: Floats

    def survival(self, t_ms: ArrayLike) -> Floats:
        """S at durations in ms; same shape as the argument, NaN when nothing was seen."""
        t = np.asarray(t_ms, dtype=np.float64)
        if self.times.size == 0:
            return np.full_like(t, np.nan)
        s: Floats = np.interp(t, self.times, self.shares)
        return s

    def time_at(self, survival: ArrayLike) -> Floats:
        """The duration in ms that only this share of requests exceeds; NaN without requests."""
        s = np.asarray(survival, dtype=np.float64)
        if self.times.size == 0:
            return np.full_like(s, np.nan)
        t: Floats = np.interp(-s, -self.shares, self.times)
        return t


def survival_curve(h: Histogram, papers: Sequence[Paper] = PAPERS) -> SurvivalCurve:
    """Interpolate a histogram: through every bucket bound, smooth between them.

    Args:
        h: the histogram; its sum is used where it is known.
        papers: scales to draw on; their survivals are averaged.
    """
    n = h.total
    if n <= 0:
        return SurvivalCurve(np.array([]), np.array([]))
    occupied = np.flatnonzero(h.counts > 0)
    first, last = int(occupied[0]), int(occupied[-1])
    if np.isposinf(h.bounds[last]):
        last -= 1
    if last < first:
        return SurvivalCurve(h.lower[-1:], np.ones(1))
    edges = np.concatenate((h.lower[first : first + 1], h.bounds[first : last + 1]))
    edges[0] = edges[0] or EARLIEST * edges[1]
    # counted from the slow end, so that small shares keep their digits
    slower = np.cumsum(h.counts[::-1])[::-1]
    shares = np.append(slower, 0.0)[first : last + 2] / slower[0]
    log_edges = np.log(edges)
    table = np.mean([draw(paper, log_edges, shares, n) for paper in papers], axis=0)
    if h.total_sum is not None and shares[-1] <= 0:
        table = fit_mean(log_edges, table, h.mean)
    return _joined(log_edges, table)


def _joined(log_edges: Floats, table: Floats) -> SurvivalCurve:
    steps = np.linspace(0.0, 1.0, POINTS)[:-1]
    grid = log_edges[:-1, None] + np.diff(log_edges)[:, None] * steps
    times = np.exp(np.append(grid.ravel(), log_edges[-1]))
    shares = np.append(table[:, :-1].ravel(), table[-1, -1])
    return SurvivalCurve(times, np.minimum.accumulate(shares))
