"""Probability papers: scales on which a family of distributions is a straight line.

On log time against one of these scales, a member of the family is straight, and most latency
distributions are nearly so. Interpolating there rather than in time and share is what makes
estimates from coarse buckets good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import expit, ndtr, ndtri

Floats = NDArray[np.float64]

#: Points of the table that a bucket is evaluated on, ends included.
POINTS = 65
#: A bucket beyond which nothing was seen leaves at most this part of its requests for later.
REST = 0.05
_STEPS: Floats = np.linspace(0.0, 1.0, POINTS)


@dataclass(frozen=True)
class Paper:
    """A scale for shares.

    Attributes:
        name: family that is straight on it.
        scale: survival share → position, decreasing in the share.
        share: position → survival share.
    """

    name: str
    scale: Callable[[Floats], Floats]
    share: Callable[[Floats], Floats]


LOGNORMAL = Paper("lognormal", lambda s: -ndtri(s), lambda y: ndtr(-y))
WEIBULL = Paper(
    "Weibull", lambda s: np.log(-np.log(s)), lambda y: np.exp(-np.exp(np.minimum(y, 50.0)))
)
LOGLOGISTIC = Paper("log-logistic", lambda s: np.log1p(-s) - np.log(s), lambda y: expit(-y))


def draw(paper: Paper, log_times: Floats, shares: Floats, n: float) -> Floats:
    """Interpolate survival shares on a paper.

    A monotone cubic (PCHIP; Fritsch & Butland 1984) goes through the bounds whose share is
    strictly between 0 and 1. The first and the last bucket have a neighbour on one side only:
    the curve goes on straight, but steep enough that seeing nothing beyond in `n` requests is
    no surprise, and its part within the bucket is stretched to hold all of the bucket's mass.

    Args:
        paper: scale to draw on.
        log_times: bounds of K adjacent buckets, K + 1 log times.
        shares: survival at these bounds, non-increasing, from 1; the last one may be above 0.
        n: requests that were counted.

    Returns:
        Survival at POINTS evenly spaced log times of each bucket, shape (K, POINTS).
    """
    inner = np.flatnonzero((shares > 0) & (shares < 1))
    if inner.size == 0:
        return _alone(n)
    first, last = int(inner[0]), int(inner[-1])
    rest_left = min(0.5 / n, REST * (1 - shares[first]))
    rest_right = min(0.5 / n, REST * shares[last])
    start, end = paper.scale(np.array([1 - rest_left, rest_right]))
    x, y = log_times[first : last + 1], paper.scale(shares[first : last + 1])
    steep_left = (y[0] - start) / (x[0] - log_times[0]) if first > 0 else 0.0
    steep_right = (end - y[-1]) / (log_times[-1] - x[-1]) if last < log_times.size - 1 else 0.0
    grid = log_times[:-1, None] + np.diff(log_times)[:, None] * _STEPS
    left = right = max(steep_left, steep_right)
    heights = np.empty_like(grid)
    if x.size > 1:
        spline = PchipInterpolator(x, y)
        heights[first:last] = spline(grid[first:last])
        ends = spline(x[[0, -1]], 1)
        left, right = max(float(ends[0]), steep_left), max(float(ends[1]), steep_right)
    heights[:first] = y[0] + left * (grid[:first] - x[0])
    heights[last:] = y[-1] + right * (grid[last:] - x[-1])
    return _stretched(paper.share(heights), shares[:-1], shares[1:])


def _alone(n: float) -> Floats:
    """All requests in one bucket: log-normal around its middle, wide enough to touch the ends."""
    end = LOGNORMAL.scale(np.array([min(max(0.5 / n, 1e-4), REST)]))
    return _stretched(LOGNORMAL.share(end * (2 * _STEPS - 1)), np.ones(1), np.zeros(1))


def _stretched(shares: Floats, above: Floats, below: Floats) -> Floats:
    """Rows brought to start and end at the given shares, their shape kept."""
    rows = np.atleast_2d(shares)
    drop = rows[:, :1] - rows[:, -1:]
    flat = drop <= 1e-15
    fallen = np.where(flat, _STEPS, (rows[:, :1] - rows) / np.where(flat, 1.0, drop))
    table: Floats = above[:, None] - (above - below)[:, None] * fallen
    return table
