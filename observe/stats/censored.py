"""Durations that were cut before they could end: a timeout, or a client that went away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from observe.errors import InputError
from observe.stats.histogram import Floats, Histogram

#: One request watched to its end may stand for at most this many that reached its bucket.
MAX_WEIGHT = 10.0


@dataclass(frozen=True)
class Censored:
    """What the durations would have been without the cut, as far as that can be known.

    Attributes:
        survival: a histogram for :func:`~observe.stats.quantile.quantile` and the like; what
            nobody saw the end of stands in its bucket without end.
        identified_below: quantiles up to this level are identified; 1 when all of them are.
        fraction: censored / all requests.
        weight: the most requests that one request watched to its end stands for (>= 1);
            multiply the design effect of an interval by it.
    """

    survival: Histogram
    identified_below: float
    fraction: float
    weight: float

    def identifies(self, q: float) -> bool:
        """Whether the quantile at this level can be known."""
        return q <= self.identified_below


def censored_histogram(
    events: Histogram, censored: Histogram, cut_ms: float | None = None
) -> Censored:
    """Durations of all requests from those that ended and those that were cut.

    Product-limit estimate on buckets (Kaplan & Meier 1958): in each bucket the share that ends
    is taken of those who reached it. Within a bucket events end before the censored leave,
    which can only make the tail look longer than it is. It assumes that requests which were
    cut would have gone on like those which were not.

    Args:
        events: requests that ended by themselves.
        censored: requests that were cut, by the duration at which that happened; same bounds.
            When all lie in one bucket and their sum is known, their mean is taken as `cut_ms`.
        cut_ms: the timeout that cut them, where it is known. Those in its bucket then leave at
            that point and not at the bucket's end, and the share that ends per log time is
            taken as constant within that bucket. A timeout at a bucket's bound is measured as
            slightly more, and belongs to the start of the bucket behind it.

    Raises:
        InputError: the bounds differ.
    """
    if not np.array_equal(events.bounds, censored.bounds):
        raise InputError("events and censored requests need the same buckets")
    total = events.total + censored.total
    if total <= 0:
        return Censored(Histogram.empty(events.bounds), 0.0, 0.0, 1.0)
    cut_ms = common_cut(censored) if cut_ms is None else cut_ms
    mass, weight = _product_limit(events, censored, cut_ms)
    left = 1.0 - float(mass.sum())
    left = left if left > 1e-12 else 0.0
    mass[-1] += left
    total_sum = events.total_sum if censored.total <= 0 else None
    survival = Histogram(events.bounds, mass * total, total_sum)
    return Censored(survival, 1.0 - left, censored.total / total, weight)


def common_cut(censored: Histogram) -> float | None:
    """The timeout (ms) behind requests that were all cut in one bucket: their mean.

    None when they lie in several buckets, or their sum is not known.
    """
    alone = np.count_nonzero(censored.counts) == 1
    return censored.mean if alone and censored.total_sum else None


def _product_limit(
    events: Histogram, censored: Histogram, cut_ms: float | None
) -> tuple[Floats, float]:
    """Probability of each bucket as far as it was watched, and the largest weight used."""
    total = events.total + censored.total
    slower = np.cumsum((events.counts + censored.counts)[::-1])[::-1]
    cut_at, place = _place(events, cut_ms)
    mass, survivors, weight = np.zeros_like(events.counts), 1.0, 1.0
    for i in map(int, np.flatnonzero(events.counts > 0)):
        ended, reached = float(events.counts[i]), float(slower[i])
        gone = float(censored.counts[i]) if i == cut_at else 0.0
        share_before, share_left = _through(reached, ended, gone, place)
        watched = reached * share_before - gone
        stands_for = survivors * total / reached
        if gone > 0 and watched > 1e-9 * reached:
            stands_for = survivors * total * share_before / watched
        if stands_for > MAX_WEIGHT:
            break
        weight = max(weight, stands_for)
        mass[i] = survivors * (1 - share_left)
        survivors *= share_left
    return mass, weight


def _place(h: Histogram, cut_ms: float | None) -> tuple[int, float]:
    """Bucket of a timeout (-1: none), and how far into it the timeout lies, by log time."""
    if cut_ms is None or not cut_ms > 0:
        return -1, 1.0
    at = int(np.searchsorted(h.lower, cut_ms, side="right")) - 1
    start, end = h.lower[at], h.bounds[at]
    if start <= 0 or not np.isfinite(end):
        return at, 0.0 if cut_ms == start else 1.0
    return at, float(np.log(cut_ms / start) / np.log(end / start))


def _through(reached: float, ended: float, gone: float, place: float) -> tuple[float, float]:
    """Shares of those who reached a bucket that are left at the cut, and at its end.

    With the hazard h per bucket constant in log time, as many end as
    R (1 - e^-hp) + (R e^-hp - C) (1 - e^-h(1-p)), where R reached the bucket and C are cut at
    the part p of it. Solved for h by bisection.
    """
    if gone <= 0 or place >= 1:
        left = 1 - ended / reached
        return left, left
    if place <= 0:
        return 1.0, 1 - ended / (reached - gone)
    low, high = 0.0, np.log(reached / gone) / place
    if ended >= (reached - gone) * (1 - 1e-12):
        return gone / reached, gone / reached
    for _ in range(60):
        h = (low + high) / 2
        at_cut = reached * np.exp(-h * place)
        end = reached - at_cut + (at_cut - gone) * (1 - np.exp(-h * (1 - place)))
        low, high = (h, high) if end < ended else (low, h)
    return float(np.exp(-low * place)), float(np.exp(-low))
