"""Whether an objective can be measured with the buckets that Istio's histograms have."""

from __future__ import annotations

from bisect import bisect_left

from observe.bootstrap.stack import Stack
from observe.stats.histogram import ISTIO_BUCKETS_MS


def bounds_around_latency(stack: Stack) -> tuple[float, float] | None:
    """The bounds, in ms, of Istio's default buckets around `objectives.latencyMs`.

    Returns:
        Nothing when it is such a bound itself; 0 and infinity are below and above all bounds.
    """
    wanted = stack.objectives.latency_ms
    place = bisect_left(ISTIO_BUCKETS_MS, wanted)
    if ISTIO_BUCKETS_MS[place] == wanted:
        return None
    return (ISTIO_BUCKETS_MS[place - 1] if place else 0.0, ISTIO_BUCKETS_MS[place])
