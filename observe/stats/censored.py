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
        cut_ms: the timeout that cut them, where it is known. Those in its bucket then leave at
            that point, and not at the bucket's end; a timeout at a bucket's bound is measured
            as slightly more, and belongs to the start of the bucket behind it.

    Raises:
        InputError: the bounds differ.
    """
    if not np.array_equal(events.bounds, censored.bounds):
        raise InputError("events and censored requests need the same buckets")
    total = events.total + censored.total
    if total <= 0:
        return Censored(Histogram.empty(events.bounds), 0.0, 0.0, 1.0)
    early = censored.counts * _left_before_events(censored, cut_ms)
    reached = total - np.concatenate(([0.0], (events.cumulative + censored.cumulative)[:-1]))
    watched = np.maximum(reached - early, events.counts)
    survivors, mass, weight = 1.0, np.zeros_like(events.counts), 1.0
    for i in np.flatnonzero(events.counts > 0):
        stands_for = survivors * total / watched[i]
        if stands_for > MAX_WEIGHT:
            break
        weight = max(weight, stands_for)
        mass[i] = survivors * events.counts[i] / watched[i]
        survivors = max(survivors - mass[i], 0.0)
    survivors = survivors if survivors > 1e-12 else 0.0
    mass[-1] += survivors
    total_sum = events.total_sum if censored.total <= 0 else None
    survival = Histogram(events.bounds, mass * total, total_sum)
    return Censored(survival, 1.0 - survivors, censored.total / total, float(weight))


def _left_before_events(censored: Histogram, cut_ms: float | None) -> Floats:
    """Per bucket, the part of it (by log time) during which its censored were already gone."""
    gone = np.zeros_like(censored.counts)
    if cut_ms is None:
        return gone
    at = int(np.searchsorted(censored.lower, cut_ms, side="right")) - 1
    if at < 0:
        return gone
    start, end = censored.lower[at], censored.bounds[at]
    if start <= 0 or not np.isfinite(end):
        gone[at] = 1.0 if cut_ms == start else 0.5
    else:
        gone[at] = np.log(end / cut_ms) / np.log(end / start)
    return gone
