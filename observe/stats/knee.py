"""The knee of latency against load: a fit of Gunther's universal scalability law, or nothing.

With N requests under way in a server, its throughput is X(N) = L N / (1 + S (N-1) + K N (N-1)),
where L is the throughput of one request at a time, S the contention and K the coherency (Gunther
2007). It is highest at N* = sqrt((1 - S) / K): beyond, more requests get less done.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares
from scipy.stats import t as student

Floats = NDArray[np.float64]

#: Points (hours) and days below which nothing is fitted.
_LEAST_POINTS, _LEAST_DAYS = 48, 4
#: The load must range over this factor, and latency climb by this one at the busiest tenth.
_LEAST_RANGE, _LEAST_CLIMB = 2.0, 1.2
#: Share of the variance of log latency that the fit must explain.
_LEAST_EXPLAINED = 0.5
#: Widest interval (high over low) that is still a claim.
_WIDEST = 3.0
#: A knee beyond this multiple of the highest concurrency seen is extrapolation.
_BEYOND_SEEN = 1.5
#: Below so many under way requests do not meet, and the law says nothing about them.
_FEWEST_UNDER_WAY = 2.0


@dataclass(frozen=True)
class KneeFit:
    """Where throughput per server would peak.

    Attributes:
        concurrency: requests under way per server at the peak.
        low, high: ends of its interval.
        contention: S, share of the work that only one request at a time can do.
        coherency: K, cost of each pair of requests that have to agree.
        explained: share of the variance of log latency that the fit explains.
    """

    concurrency: float
    low: float
    high: float
    contention: float
    coherency: float
    explained: float


def find_knee(
    throughput: ArrayLike, latency_s: ArrayLike, days: ArrayLike, confidence: float = 0.90
) -> KneeFit | None:
    """Fit the law to what one server did, hour by hour.

    Latency is explained by throughput, which clients decide, and not by concurrency, which is
    their product and would share its noise. The interval comes from leaving out one day after
    another (jackknife: Tukey 1958), because hours of a day are not independent.

    Args:
        throughput: requests a second of one server, per point.
        latency_s: mean seconds of a request, per point.
        days: the day that each point belongs to.
        confidence: of the interval.

    Returns:
        None where nothing can be claimed: too few points or days, too little range, latency that
        does not climb or is not explained, a knee far beyond what was seen or exceeded as a habit
        (throughput did not fall there), or a wide interval.
    """
    x, r = np.asarray(throughput, dtype=np.float64), np.asarray(latency_s, dtype=np.float64)
    day = np.asarray(days)
    good = (x > 0) & (r > 0) & np.isfinite(x * r)
    x, r, day = x[good], r[good], day[good]
    if not _worth_a_fit(x, r, day):
        return None
    found = _fit(x, r)
    peak = _peak(found)
    rest = np.log(r) - np.log(_latency(found, x))
    explained = 1.0 - float(rest.var() / np.log(r).var())
    if explained < _LEAST_EXPLAINED:
        return None
    seen = x * r
    if not max(_FEWEST_UNDER_WAY, np.quantile(seen, 0.9)) <= peak <= _BEYOND_SEEN * seen.max():
        return None
    error = _jackknife(x, r, day, found) * _quantile_of_t(day, confidence)
    low, high = float(peak * np.exp(-error)), float(peak * np.exp(error))
    return KneeFit(peak, low, high, *found[1:], explained) if high <= _WIDEST * low else None


def _worth_a_fit(x: Floats, r: Floats, day: NDArray[np.generic]) -> bool:
    if x.size == 0 or (x * r).max() * _BEYOND_SEEN < _FEWEST_UNDER_WAY:
        return False
    if x.size < _LEAST_POINTS or np.unique(day).size < _LEAST_DAYS:
        return False
    order = np.argsort(x, kind="stable")
    tenth = max(3, x.size // 10)
    quiet, busy = order[:tenth], order[-tenth:]
    if np.median(x[busy]) < _LEAST_RANGE * np.median(x[quiet]):
        return False
    return bool(np.median(r[busy]) >= _LEAST_CLIMB * np.median(r[quiet]))


def _fit(x: Floats, r: Floats) -> tuple[float, float, float]:
    """L, S and K of least squares in log latency."""
    quickest = float(np.quantile(r, 0.1))
    most = float((x * r).max())

    def parameters(p: Floats) -> tuple[float, float, float]:
        return float(np.exp(p[0])), float(p[1]), float(np.exp(p[2]))

    def error(p: Floats) -> Floats:
        missed: Floats = np.log(_latency(parameters(p), x)) - np.log(r)
        return missed

    first = [-np.log(quickest), 0.05, -2.0 * np.log(2.0 * most + 1.0)]
    bounds = ([-np.inf, 0.0, np.log(1e-10)], [np.inf, 0.999, np.log(10.0)])
    return parameters(least_squares(error, first, bounds=bounds, x_scale=[0.1, 0.1, 1.0]).x)


def _latency(found: tuple[float, float, float], x: Floats) -> Floats:
    """Seconds of a request at some throughputs: the smaller root N of the law, over x.

    Beyond the highest throughput there is no root; the latency goes on to climb from the peak's,
    so that a fit is led back.
    """
    level, contention, coherency = found
    b = contention - coherency - level / x
    inside = b**2 - 4 * coherency * (1 - contention)
    beyond = np.where(inside < 0, -inside / np.maximum(b**2, 1e-300), 0.0)
    under_way = 2 * (1 - contention) / (-b + np.sqrt(np.maximum(inside, 0.0)))
    stays = -b > 0  # else even one request at a time is more than the law allows
    seconds = np.where(stays, under_way, 1.0 / np.sqrt(coherency)) / x
    return np.asarray(np.maximum(seconds, 1e-12) * (1 + 10 * beyond), dtype=np.float64)


def _peak(found: tuple[float, float, float]) -> float:
    _, contention, coherency = found
    return float(np.sqrt((1 - contention) / coherency))


def _jackknife(
    x: Floats, r: Floats, day: NDArray[np.generic], found: tuple[float, float, float]
) -> float:
    """Standard error of the log of the peak."""
    names = np.unique(day)
    logs = np.array([np.log(_peak(_fit(x[day != d], r[day != d]))) for d in names])
    spread = (names.size - 1) / names.size * np.sum((logs - np.log(_peak(found))) ** 2)
    return float(np.sqrt(spread))


def _quantile_of_t(day: NDArray[np.generic], confidence: float) -> float:
    freedom = np.unique(day).size - 1
    return float(student.ppf((1 + confidence) / 2, freedom))
