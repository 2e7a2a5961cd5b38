"""What the charts show, as arrays: which tail decided, and which hours counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.recommend.reasons import Reason
from observe.recommend.timeout_model import TimeoutEvidence, TimeoutRecommendation
from observe.signals.latency import TargetLatency
from observe.stats.censored import censored_histogram
from observe.stats.histogram import Histogram
from observe.stats.quantile import survival_curve

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Points of an interpolated curve: enough for a smooth line, few enough for many charts.
CURVE_POINTS = 80


@dataclass(frozen=True)
class TailCurve:
    """Share of requests slower than t.

    Attributes:
        name: what the requests have in common, such as "busiest 17 hours".
        times_ms, shares: the interpolated curve.
        edges_ms, edge_shares: the bucket bounds, where the share was counted, not estimated.
    """

    name: str
    times_ms: Floats
    shares: Floats
    edges_ms: Floats
    edge_shares: Floats


def tail_curve(h: Histogram, name: str) -> TailCurve:
    """Interpolate a histogram for a chart; arrays are empty when nothing was seen."""
    occupied = np.flatnonzero(h.counts > 0)
    if occupied.size == 0:
        nothing = np.array([])
        return TailCurve(name, nothing, nothing, nothing, nothing)
    edges = h.bounds[max(occupied[0] - 1, 0) : occupied[-1] + 1]
    edges = edges[np.isfinite(edges)]
    shares = 1.0 - h.cumulative[np.searchsorted(h.bounds, edges)] / h.total
    start = h.lower[occupied[0]] or h.bounds[0] / 10
    end = max(float(edges[-1]), start * 1.001) if edges.size else start * 1.001
    times = np.geomspace(start, end, CURVE_POINTS)
    return TailCurve(name, times, survival_curve(h).survival(times), edges, shares)


def span_mask(latency: TargetLatency, spans: Sequence[tuple[datetime, datetime]]) -> Mask:
    """Steps (mask of H) that start within one of the half-open spans."""
    times = pd.DatetimeIndex(latency.times).tz_localize("UTC")
    mask = np.zeros(len(times), dtype=bool)
    for start, end in spans:
        mask |= np.asarray((times >= pd.Timestamp(start)) & (times < pd.Timestamp(end)))
    return mask


def busiest_mask(latency: TargetLatency, evidence: TimeoutEvidence) -> Mask:
    """The steps (mask of H) that were pooled as the busiest: as many as the evidence says."""
    volumes = latency.per_step("success").copy()
    volumes[span_mask(latency, evidence.excluded)] = -1.0
    mask = np.zeros(len(volumes), dtype=bool)
    mask[np.argsort(-volumes, kind="stable")[: evidence.busy_hours]] = True
    return mask & (volumes > 0)


def deciding_curves(
    latency: TargetLatency, recommendation: TimeoutRecommendation
) -> list[TailCurve]:
    """:func:`deciding_tails` as curves."""
    return [tail_curve(h, name) for name, h in deciding_tails(latency, recommendation)]


def deciding_tails(
    latency: TargetLatency, recommendation: TimeoutRecommendation
) -> list[tuple[str, Histogram]]:
    """The durations that decided, then some to compare them with, each with a name.

    A timeout is taken from the busiest steps unless the whole window, or one caller, was surely
    slower; the evidence tells which it was.
    """
    evidence = recommendation.evidence
    normal = ~span_mask(latency, evidence.excluded)
    week = ("whole window", _tail(latency, normal))
    busy = ("busiest hours", _tail(latency, busiest_mask(latency, evidence)))
    caller = _deciding_caller(latency, recommendation)
    if caller is not None:
        return [("slowest caller", _tail(latency, normal, caller)), week]
    if evidence.estimate_ms == evidence.week_estimate_ms:
        return [week, busy]
    return [busy, week]


def _deciding_caller(latency: TargetLatency, recommendation: TimeoutRecommendation) -> int | None:
    if Reason.CALLER_SLOWER.value not in recommendation.reasons:
        return None
    for caller in recommendation.evidence.callers:
        name = (caller.namespace, caller.workload)
        if caller.estimate_ms == recommendation.evidence.estimate_ms and name in latency.callers:
            return latency.callers.index(name)
    return None


def _tail(latency: TargetLatency, steps: Mask, caller: int | None = None) -> Histogram:
    success = latency.histogram("success", steps=steps, caller=caller)
    cut = latency.histogram("censored", steps=steps, caller=caller)
    return censored_histogram(success, cut).survival


def hourly_lines(latency: TargetLatency) -> pd.DataFrame:
    """What a timeline draws: time, requests, p50_ms, p99_ms, p999_ms of every coarse step.

    The quantiles are drawn straight between the bucket bounds on Weibull paper, all steps at
    once. :meth:`TargetLatency.hourly` is closer to the truth and far slower; on a logarithmic
    axis the difference is hardly seen. Use that one for numbers.
    """
    times = pd.DatetimeIndex(latency.times).tz_localize("UTC")
    requests = np.sum([latency.per_step(group) for group in latency.counts], axis=0)
    frame = pd.DataFrame({"time": times, "requests": requests})
    counts = latency.counts["success"].sum(axis=0)
    columns = ["p50_ms", "p99_ms", "p999_ms"]
    frame[columns] = straight_quantiles(latency.bounds, counts, (0.5, 0.99, 0.999))
    return frame


def straight_quantiles(bounds: Floats, counts: Floats, levels: Sequence[float]) -> Floats:
    """Quantiles of many histograms of one layout, for lines in charts.

    Args:
        bounds: upper bounds in ms (B), the last one inf.
        counts: requests (H, B).
        levels: within (0, 1), Q of them.

    Returns:
        Durations in ms (H, Q); NaN where nothing was seen. In the bucket without end: its start.
    """
    total = counts.sum(axis=1, keepdims=True)
    below = np.cumsum(counts, axis=1)
    values = np.full((len(counts), len(levels)), np.nan)
    lower = np.concatenate(([bounds[0] / 10], bounds[:-1]))
    upper = np.where(np.isfinite(bounds), bounds, lower)
    row = np.flatnonzero(total[:, 0] > 0)
    n = total[row, 0]
    for i, level in enumerate(levels):
        at = (below[row] < level * n[:, None] * (1 - 1e-12)).sum(axis=1)
        at = np.minimum(at, len(bounds) - 1)
        start = (below[row, at] - counts[row, at]) / n
        # Half a request stands for what lies beyond the last one, where the paper has no end.
        ends = np.clip([start, below[row, at] / n, np.full(len(row), level)], 0.5 / n, 1 - 0.5 / n)
        first, last, wanted = np.log(-np.log1p(-ends))
        part = np.divide(wanted - first, last - first, out=np.ones(len(row)), where=last > first)
        span = np.log(upper[at] / lower[at])
        values[row, i] = lower[at] * np.exp(span * np.clip(part, 0.0, 1.0))
    return values
