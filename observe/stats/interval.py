"""Intervals around quantiles and shares: sampling error and bucket error together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta

from observe.errors import InputError
from observe.stats.doubt import curve_error
from observe.stats.histogram import Histogram
from observe.stats.quantile import Estimate, quantiles


def quantile_interval(
    h: Histogram, q: float, confidence: float = 0.95, design_effect: float = 1.0
) -> Estimate:
    """A quantile with the interval that holds the true one with this confidence.

    Two errors are independent and add in quadrature on log time. Sampling: the true quantile
    lies between the sample's quantiles at the levels that :func:`proportion_interval` gives for
    `q` (the rank interval, distribution-free). Interpolation: what
    :mod:`observe.stats.doubt` expects. The result never leaves the buckets of these levels.

    Args:
        h: the histogram, in counts of requests (not in rates).
        q: level, within (0, 1).
        confidence: of the interval, within (0, 1).
        design_effect: how many requests are worth one independent request (>= 1).

    Returns:
        Value, low and high in ms. `high` is inf where a level reaches the bucket without end,
        `low` is the start of a bucket that holds everything, and `high` its end.

    Raises:
        InputError: a level or confidence outside (0, 1).
    """
    if not 0 < q < 1:
        raise InputError("the level of a quantile interval must lie strictly between 0 and 1")
    n = h.total / max(design_effect, 1.0)
    if n <= 0:
        return Estimate(float("nan"), 0.0, float("inf"))
    middle, early, late = quantiles(h, [q, *proportion_interval(q * n, n, confidence)])
    points = np.maximum([middle.value, early.value, late.value], 1e-9)
    at_q, at_early, at_late = curve_error(h, points, confidence)
    log_q, log_early, log_late = np.log(points)
    low = np.exp(log_q - np.hypot(log_q - log_early, max(at_q, at_early)))
    high = np.exp(log_q + np.hypot(log_late - log_q, max(at_q, at_late)))
    if not np.isfinite(late.high):
        return Estimate(middle.value, max(float(low), early.low), float("inf"))
    return Estimate(middle.value, max(float(low), early.low), min(float(high), late.high))


def proportion_interval(
    k: float, n: float, confidence: float = 0.95, design_effect: float = 1.0
) -> tuple[float, float]:
    """Interval of a share of which `k` in `n` were seen (Clopper & Pearson 1934).

    Args:
        k: requests with the property; may be fractional.
        n: requests.
        confidence: of the interval, two-sided.
        design_effect: how many requests are worth one independent request (>= 1).

    Returns:
        Low and high share; (0, 1) when nothing was seen.
    """
    if not 0 < confidence < 1:
        raise InputError("a confidence must lie strictly between 0 and 1")
    if not 0 <= k <= n:
        raise InputError("a share needs 0 <= k <= n")
    if n <= 0:
        return (0.0, 1.0)
    worth = max(design_effect, 1.0)
    hits, misses = k / worth, (n - k) / worth
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, hits, misses + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, misses)) if misses > 0 else 1.0
    return (low, high)


def design_effect(exceed: ArrayLike, totals: ArrayLike) -> float:
    """How much wider shares scatter between groups than independent requests would.

    Variance of a pooled share between groups (hours) over its binomial variance: Kish's design
    effect, which is Pearson's X² over its degrees of freedom (the over-dispersion of a
    quasi-binomial model).

    Args:
        exceed: requests with the property, per group.
        totals: requests, per group; groups without any are left out.

    Returns:
        The effect, at least 1; 1 when fewer than two groups or no variation can be judged.
    """
    hits = np.asarray(exceed, dtype=np.float64)
    n = np.asarray(totals, dtype=np.float64)
    hits, n = hits[n > 0], n[n > 0]
    if n.size < 2:
        return 1.0
    share = hits.sum() / n.sum()
    if not 0 < share < 1:
        return 1.0
    chi2 = np.sum((hits - n * share) ** 2 / (n * share * (1 - share)))
    return float(max(1.0, chi2 / (n.size - 1)))
