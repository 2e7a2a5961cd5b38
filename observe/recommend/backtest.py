"""Would the advice have held? Learn from the first part of the window, judge on the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from observe.durations import istio_duration
from observe.recommend.current import CurrentTimeout, shortest_timeout
from observe.recommend.policy import TimeoutPolicy
from observe.recommend.timeout_estimate import Refusal, estimate_timeout
from observe.recommend.timeout_model import TimeoutBacktest
from observe.recommend.timeout_tail import Mask
from observe.signals.latency import TargetLatency
from observe.stats.censored import censored_histogram
from observe.stats.histogram import Histogram
from observe.stats.interval import proportion_interval
from observe.stats.quantile import fraction_above


def share_cut(survival: Histogram, timeout_ms: float) -> float:
    """Share of the requests that a timeout would have cut."""
    return fraction_above(survival, timeout_ms).value if survival.total > 0 else 0.0


def backtest_timeout(
    latency: TargetLatency,
    policy: TimeoutPolicy,
    incident: Mask,
    now: CurrentTimeout | None,
    step_seconds: int,
) -> TimeoutBacktest | None:
    """The same method on the first part of the window, measured on the rest.

    Incidents count in the test (they happened), not in the training.

    Returns:
        None when either part is too small to say anything.
    """
    first = np.arange(len(latency.times)) < round(len(latency.times) * policy.training_share)
    if not first.any() or first.all():
        return None
    learned = estimate_timeout(latency.at(first), policy, ~incident[first], "the training part")
    rest = latency.at(~first)
    held_back = censored_histogram(rest.histogram("success"), rest.histogram("censored"))
    requests = held_back.survival.total
    if isinstance(learned, Refusal) or requests < 1.0 / policy.false_timeout_rate:
        return None
    cut = share_cut(held_back.survival, learned.timeout_ms)
    low, high = proportion_interval(cut * requests, requests, policy.interval_confidence)
    shortest = shortest_timeout(now)
    return TimeoutBacktest(
        trained_on=_span(latency.at(first), step_seconds),
        tested_on=_span(rest, step_seconds),
        timeout=istio_duration(learned.timeout_ms),
        fraction_cut=round(cut, 8),
        fraction_cut_interval=(round(low, 8), round(high, 8)),
        current_fraction_cut=None
        if shortest is None
        else round(share_cut(held_back.survival, shortest), 8),
    )


def _span(latency: TargetLatency, step_seconds: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    times = pd.DatetimeIndex(latency.times).tz_localize("UTC")
    return times[0], times[-1] + pd.Timedelta(seconds=step_seconds)
