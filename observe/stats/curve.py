"""The survival curve behind a histogram: share of requests slower than t, for every t.

`docs/method-quantiles.md` derives it and says where it is weak.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from observe.stats.histogram import Histogram

Floats = NDArray[np.float64]

POINTS = 64
EMPTY_FLOOR = 1e-12


@dataclass(frozen=True)
class SurvivalCurve:
    """S(t), the share of requests slower than t, and its inverse.

    Attributes:
        times: knots in ms, increasing from the start of the first occupied bucket.
        depths: -log S at the knots, non-decreasing; the last may be inf.
        beyond: share of requests in the bucket without end; S never falls below it.
    """

    times: Floats
    depths: Floats
    beyond: float

    def survival(self, t_ms: ArrayLike) -> Floats:
        """S at durations in ms; same shape as the argument, NaN when nothing was seen."""
        t = np.asarray(t_ms, dtype=np.float64)
        if self.times.size == 0:
            return np.full_like(t, np.nan)
        shares = np.exp(-self.depths)
        s: Floats = np.interp(t, self.times, shares)
        return s

    def time_at(self, survival: ArrayLike) -> Floats:
        """The smallest duration in ms that only this share of requests exceeds."""
        s = np.asarray(survival, dtype=np.float64)
        if self.times.size == 0:
            return np.full_like(s, np.nan)
        shares = np.exp(-self.depths)
        t: Floats = np.interp(-s, -shares, self.times)
        return t


def survival_curve(h: Histogram) -> SurvivalCurve:
    """Interpolate a histogram."""
    n = h.total
    if n <= 0:
        return SurvivalCurve(np.array([]), np.array([]), 0.0)
    occupied = np.flatnonzero(h.counts > 0)
    beyond = float(h.counts[-1] / n)
    last = occupied[-1] if np.isfinite(h.bounds[occupied[-1]]) else h.bounds.size - 2
    first = min(occupied[0], last)
    if last < 0:
        return SurvivalCurve(np.array([0.0]), np.array([0.0]), beyond)
    edges = np.concatenate(([h.lower[first]], h.bounds[first : last + 1]))
    if edges[0] == 0:
        edges[0] = edges[1] / 10
    share = np.concatenate(([1.0], 1 - h.cumulative[first : last + 1] / n))
    share = np.clip(share, 0, 1)
    if beyond == 0:
        share[-1] = share[-2] / 50
    x, y = np.log(edges), -np.log(share)
    grid = np.unique(np.concatenate([np.linspace(a, b, POINTS) for a, b in pairwise(x)]))
    depths = PchipInterpolator(x, y)(grid) if x.size > 1 else y
    if beyond == 0:
        depths = np.append(depths, np.inf)
        grid = np.append(grid, x[-1])
    return SurvivalCurve(np.exp(grid), np.maximum.accumulate(depths), beyond)
