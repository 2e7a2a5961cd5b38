"""Latency histograms: counts between fixed bounds, as Envoy and Prometheus keep them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from observe.errors import InputError

Floats = NDArray[np.float64]

#: Upper bounds that Envoy gives a histogram unless told otherwise, and Istio with it (ms).
ISTIO_BUCKETS_MS: tuple[float, ...] = (
    *(0.5, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0),
    *(10_000.0, 30_000.0, 60_000.0, 300_000.0, 600_000.0, 1_800_000.0, 3_600_000.0, np.inf),
)


@dataclass(frozen=True, eq=False)
class Histogram:
    """Requests by duration.

    Attributes:
        bounds: upper bounds of the buckets in ms, increasing, the last one inf; a bucket holds
            the durations above the bound before it (0 for the first) and up to its own.
        counts: requests of each bucket (not cumulative), finite and >= 0; may be fractional.
        total_sum: total duration in ms where it is known. Envoy computes it from bins of two
            significant digits, so that it is a few per cent off at worst.
    """

    bounds: Floats
    counts: Floats
    total_sum: float | None = None

    def __post_init__(self) -> None:
        bounds = np.asarray(self.bounds, dtype=np.float64)
        counts = np.asarray(self.counts, dtype=np.float64)
        object.__setattr__(self, "bounds", bounds)
        object.__setattr__(self, "counts", counts)
        _check_bounds(bounds)
        if counts.shape != bounds.shape:
            raise InputError(f"a histogram has {counts.size} counts for {bounds.size} buckets")
        if not np.all(np.isfinite(counts)) or np.any(counts < 0):
            raise InputError("a histogram holds a count that is negative or not a number")

    @classmethod
    def empty(cls, bounds: ArrayLike = ISTIO_BUCKETS_MS) -> Histogram:
        """A histogram of these bounds (ms) that has seen nothing."""
        edges = np.asarray(bounds, dtype=np.float64)
        return cls(edges, np.zeros_like(edges))

    @classmethod
    def from_cumulative(
        cls, bounds: ArrayLike, cumulative: ArrayLike, total_sum: float | None = None
    ) -> Histogram:
        """From counts per `le`, each of which includes all smaller ones.

        Buckets that were scraped or recorded at different moments can decrease; they are raised
        to the running maximum, as Prometheus does.

        Args:
            bounds: values of `le` in ms, increasing, the last one inf.
            cumulative: requests that took at most so long.
            total_sum: total duration in ms.

        Raises:
            InputError: a count is not a number, or the bounds are no bounds.
        """
        running = np.asarray(cumulative, dtype=np.float64)
        if not np.all(np.isfinite(running)):
            raise InputError("a histogram holds a cumulative count that is not a number")
        repaired = np.maximum.accumulate(np.maximum(running, 0.0))
        edges = np.asarray(bounds, dtype=np.float64)
        return cls(edges, np.diff(repaired, prepend=0.0), total_sum)

    @property
    def total(self) -> float:
        """Number of requests."""
        return float(self.counts.sum())

    @property
    def cumulative(self) -> Floats:
        """Requests that took at most as long as each bound."""
        running: Floats = np.cumsum(self.counts)
        return running

    @property
    def lower(self) -> Floats:
        """Lower bounds of the buckets in ms; the first one is 0."""
        edges: Floats = np.concatenate(([0.0], self.bounds[:-1]))
        return edges

    @property
    def mean(self) -> float:
        """Mean duration in ms; NaN when the sum is unknown or nothing was seen."""
        if self.total_sum is None or self.total <= 0:
            return float("nan")
        return self.total_sum / self.total

    def scaled(self, k: float) -> Histogram:
        """The same shape with `k` times as many requests (k >= 0)."""
        total_sum = None if self.total_sum is None else self.total_sum * k
        return Histogram(self.bounds, self.counts * k, total_sum)


def merge(histograms: Iterable[Histogram] | Sequence[Histogram]) -> Histogram:
    """The requests of several histograms in one.

    Where layouts differ the result is coarsened to the bounds that all of them share, because a
    bucket cannot be divided without inventing data. The sum is known only if every part that
    holds requests knows its own.

    Raises:
        InputError: there is no histogram to merge.
    """
    parts = list(histograms)
    if not parts:
        raise InputError("there is no histogram to merge")
    common = parts[0].bounds
    if any(not np.array_equal(part.bounds, common) for part in parts[1:]):
        for part in parts[1:]:
            common = np.intersect1d(common, part.bounds)
        parts = [_coarsened(part, common) for part in parts]
    sums = [part.total_sum for part in parts if part.total > 0]
    known = [value for value in sums if value is not None]
    total_sum = float(sum(known)) if sums and len(known) == len(sums) else None
    return Histogram(common, np.sum([part.counts for part in parts], axis=0), total_sum)


def _coarsened(h: Histogram, bounds: Floats) -> Histogram:
    at = np.searchsorted(h.bounds, bounds)
    return Histogram(bounds, np.diff(h.cumulative[at], prepend=0.0), h.total_sum)


def _check_bounds(bounds: Floats) -> None:
    if bounds.ndim != 1 or bounds.size == 0:
        raise InputError("a histogram needs at least one bucket")
    if not np.isposinf(bounds[-1]):
        raise InputError("the last bucket of a histogram must have no end (le=+Inf)")
    if np.any(np.isnan(bounds)) or bounds[0] <= 0 or np.any(np.diff(bounds) <= 0):
        raise InputError("the bounds of a histogram must be positive and increasing")
