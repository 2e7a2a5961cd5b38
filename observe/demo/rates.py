"""`rate()` of counters that were scraped at even distances, for all moments at once.

A server would need minutes for what its rules had recorded in a week; here it is a few sums over
arrays. What happens at the ends of the range is Prometheus's `extrapolatedRate` (2.42,
promql/functions.go): the increase is extended to both ends of the range, but by no more than half a
distance of samples where an end is far, and not to before the moment when the counter was zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: An end of the range that is further away than this many distances of samples is far.
_FAR = 1.1


@dataclass(frozen=True)
class Span:
    """The range of a `rate()`, as it lies over the scrapes.

    Attributes:
        scrapes: how many scrapes the range holds, 2 at the least.
        step: seconds between two scrapes.
        before: seconds from the start of the range to its first scrape.
        after: seconds from its last scrape to its end.
    """

    scrapes: int
    step: float
    before: float
    after: float

    @property
    def seconds(self) -> float:
        """Length of the range."""
        return self.before + (self.scrapes - 1) * self.step + self.after


def rates(values: Floats, span: Span) -> Floats:
    """What `rate(counter[range])` is at each of many moments.

    Counters must not fall: a process that starts again has another name here.

    Args:
        values: shape (N, scrapes - 1 + T); NaN is a sample that does not exist.
        span: the range.

    Returns:
        Shape (N, T), per second; column i is of the range that begins with column i of the values.
        NaN where the range holds fewer than two samples.
    """
    moments = values.shape[1] - span.scrapes + 1
    result = np.empty((len(values), moments))
    gaps = np.isnan(values).any(axis=1)
    full = values[~gaps]
    last = np.broadcast_to(float(span.scrapes - 1), (1, 1))
    result[~gaps] = _extrapolated(
        full[:, :moments], full[:, span.scrapes - 1 :], np.zeros((1, 1)), last, last + 1, span
    )
    result[gaps] = _with_gaps(values[gaps], span, moments)
    return result


def _with_gaps(values: Floats, span: Span, moments: int) -> Floats:
    """The same where the first and the last sample of a range may be at any place in it."""
    shape = (len(values), moments)
    first, last = np.full(shape, np.nan), np.full(shape, np.nan)
    at_first, at_last, count = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for place in range(span.scrapes):
        column = values[:, place : place + moments]
        present = ~np.isnan(column)
        new = present & (count == 0)
        first[new], at_first[new] = column[new], place
        last[present], at_last[present] = column[present], place
        count += present
    found = _extrapolated(first, last, at_first, at_last, np.maximum(count, 2), span)
    return np.where(count >= 2, found, np.nan)


def _extrapolated(
    first: Floats, last: Floats, at_first: Floats, at_last: Floats, count: Floats, span: Span
) -> Floats:
    """Rates from the first and the last sample of each range, their places and their number."""
    increase = last - first
    sampled = np.maximum(at_last - at_first, 1) * span.step
    distance = sampled / (count - 1)
    to_start = span.before + at_first * span.step
    with np.errstate(divide="ignore", invalid="ignore"):
        to_zero = np.where(increase > 0, sampled * (first / increase), np.inf)
    to_start = np.minimum(to_start, to_zero)
    to_end = span.after + (span.scrapes - 1 - at_last) * span.step
    covered = sampled
    for end in (to_start, to_end):
        covered = covered + np.where(end < distance * _FAR, end, distance / 2)
    result: Floats = increase * (covered / sampled) / span.seconds
    return result
