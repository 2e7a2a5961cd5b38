"""Would the thresholds have held? Learned on the first part of the window, judged on the rest."""

from __future__ import annotations

from datetime import datetime, timedelta

from observe.recommend.outlier_effect import Settings, errors_avoided
from observe.recommend.outlier_model import OutlierBacktest
from observe.recommend.outlier_telemetry import Observed
from observe.recommend.outlier_thresholds import End, base_of, thresholds
from observe.recommend.policy import OutlierPolicy
from observe.signals.host_episodes import Episode
from observe.telemetry.manifest import Window

#: Part of `leastRequests` that each part of the window needs.
_ENOUGH = 0.3
_ENDS: tuple[End, ...] = ("low", "middle", "high")


def backtest_outliers(
    observed: Observed,
    episodes: tuple[Episode, ...],
    times: Settings,
    window: Window,
    policy: OutlierPolicy,
) -> OutlierBacktest | None:
    """The same method on the first part, measured on the rest.

    Args:
        observed: the telemetry of a target.
        episodes: the failures of single hosts in the whole window.
        times: interval and ejection time that are proposed.
        window: the window.
        policy: the knobs.

    Returns:
        None when either part is too small, or the first part alone would be withheld.
    """
    steps = round(window.length.total_seconds()) // window.step_seconds
    cut = round(steps * policy.training_share)
    if not 0 < cut < steps:
        return None
    share = cut / steps
    learned = base_of(observed, window.days * share, policy, slice(0, cut))
    rest = base_of(observed, window.days * (1 - share), policy, slice(cut, steps))
    fewest = _ENOUGH * policy.least_requests
    if learned is None or rest is None or min(learned.requests, rest.requests) < fewest:
        return None
    found = thresholds(learned, policy)
    if found is None:
        return None
    weeks = window.days * (1 - share) / 7.0
    low, middle, high = (weeks * rest.ejections(found.errors, found.gateway, end) for end in _ENDS)
    later = tuple(episode for episode in episodes if episode.start >= cut)
    settings = Settings(found.errors, found.gateway, times.base, times.interval)
    proxies = observed.callers.proxies if observed.callers else 1.0
    avoided = errors_avoided(later, settings, window.step_seconds, proxies)
    middle_time = window.start + timedelta(seconds=cut * window.step_seconds)
    spans: tuple[datetime, datetime] = (window.start, middle_time)
    return OutlierBacktest(
        trained_on=spans,
        tested_on=(middle_time, window.end),
        consecutive_errors=min(k for k in (found.errors, found.gateway) if k > 0),
        false_ejections=round(middle, 6),
        false_ejections_interval=(round(low, 6), round(high, 6)),
        errors_avoided_fraction=None if avoided is None else round(avoided[0], 6),
    )
