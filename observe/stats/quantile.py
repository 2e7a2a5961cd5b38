"""Quantiles of a histogram, with what the buckets guarantee.

A bucket only says how many requests lie between its bounds. The value of an estimate comes from
a smooth curve through the bucket bounds (:mod:`observe.stats.curve`); its `low` and `high` come
from the bounds alone and hold whatever the distribution within the bucket is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from observe.errors import InputError
from observe.stats.curve import SurvivalCurve, survival_curve
from observe.stats.histogram import Floats, Histogram

__all__ = [
    "Estimate",
    "SurvivalCurve",
    "bucket_of",
    "fraction_above",
    "linear_quantile",
    "quantile",
    "quantiles",
    "survival_curve",
]


@dataclass(frozen=True)
class Estimate:
    """A value and the interval around it; `high` may be inf.

    Of an empty histogram nothing is known: the value is NaN and the interval spans everything.
    """

    value: float
    low: float
    high: float


def quantile(h: Histogram, q: float) -> Estimate:
    """The duration in ms that a share `q` of the requests does not exceed.

    See :func:`quantiles`.
    """
    return quantiles(h, [q])[0]


def quantiles(h: Histogram, qs: Sequence[float]) -> list[Estimate]:
    """Several quantiles of one histogram.

    Args:
        h: the histogram.
        qs: levels within [0, 1].

    Returns:
        For each level the value on the curve, with the bounds of the bucket that holds it. In
        the bucket without end the value is the bucket's start, as in Prometheus: the truth is
        at least that, and `high` is inf.

    Raises:
        InputError: a level is outside [0, 1].
    """
    levels = np.asarray(qs, dtype=np.float64)
    if not np.all((levels >= 0) & (levels <= 1)):
        raise InputError("a quantile level must lie between 0 and 1")
    if h.total <= 0:
        return [Estimate(float("nan"), 0.0, float("inf")) for _ in levels]
    low, high = bracket(h, levels)
    finite_high = np.where(np.isfinite(high), high, low)
    values = np.clip(survival_curve(h).time_at(1.0 - levels), low, finite_high)
    return [
        Estimate(float(v), float(lo), float(hi))
        for v, lo, hi in zip(values, low, high, strict=True)
    ]


def bucket_of(h: Histogram, q: float) -> tuple[float, float]:
    """Bounds in ms of the bucket that holds a quantile: all that is certain, and quickly said.

    (0, inf) of an empty histogram.
    """
    if h.total <= 0:
        return (0.0, float("inf"))
    low, high = bracket(h, np.array([q]))
    return (float(low[0]), float(high[0]))


def bracket(h: Histogram, levels: Floats) -> tuple[Floats, Floats]:
    """Bounds in ms of the buckets that hold these quantile levels, of a histogram not empty."""
    running = h.cumulative
    ranks = levels * running[-1]
    at = np.searchsorted(running, ranks * (1 - 1e-12), side="left")
    occupied = np.flatnonzero(h.counts > 0)
    at = np.clip(at, occupied[0], occupied[-1])
    return h.lower[at], h.bounds[at]


def fraction_above(h: Histogram, t_ms: float) -> Estimate:
    """Share of requests slower than `t_ms`, with the shares at the bucket's two bounds.

    Raises:
        InputError: the duration is negative or not a number.
    """
    if not t_ms >= 0:
        raise InputError("a duration must be a number that is not negative")
    n = h.total
    if n <= 0:
        return Estimate(float("nan"), 0.0, 1.0)
    above = np.concatenate(([n], n - h.cumulative)) / n
    above[-1] = 0.0
    edges = np.concatenate((h.lower, [np.inf]))
    at = int(np.searchsorted(edges, t_ms, side="right")) - 1
    if np.isinf(t_ms):
        return Estimate(0.0, 0.0, 0.0)
    high = float(max(above[at], 0.0))
    low = high if edges[at] == t_ms else float(max(above[at + 1], 0.0))
    value = float(np.clip(survival_curve(h).survival(t_ms), low, high))
    return Estimate(value, low, high)


def linear_quantile(h: Histogram, q: float) -> float:
    """What Prometheus' `histogram_quantile` answers, for comparison (ms).

    Linear within the bucket, from 0 in the first one; the start of the last bucket when the
    quantile lies in the bucket without end. NaN for an empty histogram.
    Source: promql/quantile.go, bucketQuantile.
    """
    if h.total <= 0 or h.bounds.size < 2:
        return float("nan")
    running = h.cumulative
    rank = q * running[-1]
    at = int(np.searchsorted(running[:-1], rank, side="left"))
    if at == h.bounds.size - 1:
        return float(h.bounds[-2])
    before = running[at - 1] if at > 0 else 0.0
    if h.counts[at] <= 0:
        return float(h.bounds[at])
    start, end = h.lower[at], h.bounds[at]
    return float(start + (end - start) * (rank - before) / h.counts[at])
