"""Whether a series rises, and how fast: rank tests that one odd value cannot sway.

`docs/method-resources.md` says what they are used for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trend:
    """A trend over evenly spaced values.

    Attributes:
        slope: median slope (Theil 1950, Sen 1968), per value; NaN with fewer than two values.
        low, high: 90 % interval of the slope (Sen 1968).
        tau: Kendall's rank correlation with time, -1 ... 1; 0 when it cannot be said.
        p_value: chance that values without a trend would rise as steadily as this (one-sided);
            1 when it cannot be said.
    """

    slope: float
    low: float
    high: float
    tau: float
    p_value: float

    def rises(self, level: float) -> bool:
        """Whether the rise is more than chance at this level."""
        return self.p_value < level and self.slope > 0

    def times(self, factor: float) -> Trend:
        """The same trend in another unit of time or value (factor above 0)."""
        slopes = (self.slope * factor, self.low * factor, self.high * factor)
        return Trend(*slopes, self.tau, self.p_value)


def trend(values: ArrayLike, season: int = 1) -> Trend:
    """The Mann-Kendall test (Mann 1945), season by season (Hirsch, Slack & Smith 1982).

    Args:
        values: one a period, evenly spaced; NaN for unknown.
        season: only values a multiple of so many periods apart are compared (7 for days: Mondays
            with Mondays); 1 compares all.

    Returns:
        The trend; ties count as no change, and take their part of the variance.
    """
    x = np.asarray(values, dtype=np.float64)
    return trend_of([x[i::season] for i in range(max(season, 1))], season)


def trend_of(series: Sequence[ArrayLike], spacing: int = 1) -> Trend:
    """One trend that several series share; each is compared within itself only.

    Args:
        series: evenly spaced values; NaN for unknown.
        spacing: periods between two values.
    """
    score, variance, pairs = 0.0, 0.0, 0
    slopes: list[Floats] = []
    for one in series:
        x = np.asarray(one, dtype=np.float64)
        at = np.flatnonzero(np.isfinite(x))
        first, second = np.triu_indices(at.size, 1)
        rise = x[at[second]] - x[at[first]]
        score += float(np.sign(rise).sum())
        pairs += rise.size
        variance += _variance(x[at])
        slopes.append(rise / ((at[second] - at[first]) * spacing))
    if pairs == 0:
        return Trend(math.nan, math.nan, math.nan, 0.0, 1.0)
    every = np.sort(np.concatenate(slopes))
    z = (score - np.sign(score)) / math.sqrt(variance) if variance > 0 else 0.0
    low, high = _interval(every, variance)
    p_value = float(norm.sf(z)) if variance > 0 else 1.0
    return Trend(float(np.median(every)), low, high, score / pairs, p_value)


def _variance(x: Floats) -> float:
    """Variance of Kendall's score without a trend, ties allowed for (Kendall 1975)."""
    ties = np.unique(x, return_counts=True)[1].astype(np.float64)

    def of(n: Floats) -> Floats:
        return n * (n - 1) * (2 * n + 5)

    return float((of(np.array([float(x.size)])).sum() - of(ties).sum()) / 18.0)


def _interval(slopes: Floats, variance: float) -> tuple[float, float]:
    """Sen's interval: the slopes whose ranks lie a normal quantile of the score from the middle."""
    reach = norm.ppf(0.95) * math.sqrt(variance)
    last = slopes.size - 1
    low = math.floor((slopes.size - reach) / 2)
    high = math.ceil((slopes.size + reach) / 2)
    return float(slopes[min(max(low, 0), last)]), float(slopes[min(max(high, 0), last)])
