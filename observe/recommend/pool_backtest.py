"""A pool learned on the first part of the window, judged on the rest."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
from scipy.stats import norm

from observe.recommend.base_model import Interval
from observe.recommend.policy import PoolPolicy
from observe.recommend.pool_limits import PoolEstimate, estimate_pool
from observe.recommend.pool_model import PoolBacktest, PoolPredicted
from observe.recommend.pool_need import Mask, Steps, need_of, share_shed
from observe.signals.concurrency import TargetLoad
from observe.stats.windows import split


def predict_pool(
    load: TargetLoad, estimate: PoolEstimate, policy: PoolPolicy
) -> tuple[PoolPredicted, dict[str, Interval]]:
    """What the pool would have done in the whole window, incidents included."""
    every = np.ones(len(load.times), dtype=np.bool_)
    shed, interval = _shed(estimate, every, estimate.tries, policy)
    need = estimate.client
    return (
        PoolPredicted(concurrency_p999_per_proxy=float(need.number), fraction_shed=shed),
        {
            "concurrencyP999PerProxy": (float(need.low), float(need.high)),
            "fractionShed": interval,
        },
    )


def backtest_pool(load: TargetLoad, policy: PoolPolicy, steps: Steps) -> PoolBacktest | None:
    """The same method on the first part of the window, measured on the rest.

    Retries that are only proposed were not there in either part, so that none are allowed for.

    Returns:
        None when one of the parts has no request.
    """
    first, rest = split(len(load.times), policy.training_share)
    learned = estimate_pool(load, policy, steps.within(first), 1.0, None)
    if learned is None:
        return None
    every = Steps.all_of(len(load.times))
    held_back = [need_of(client, policy, every.within(rest)) for client in load.clients]
    seen = max((need for need in held_back if need), key=lambda need: need.number, default=None)
    if seen is None:
        return None
    shed, interval = _shed(learned, rest, 1.0, policy)
    return PoolBacktest(
        trained_on=_span(load, first),
        tested_on=_span(load, rest),
        limit=learned.requests,
        concurrency_p999_per_proxy=float(seen.number),
        fraction_shed=shed,
        fraction_shed_interval=interval,
    )


def _shed(
    estimate: PoolEstimate, steps: Mask, tries: float, policy: PoolPolicy
) -> tuple[float, Interval]:
    """Share of the requests that the limits refuse at either side, and its interval."""
    times = float(norm.ppf((1 + policy.interval_confidence) / 2))
    came = [float(need.load.requests[steps].sum()) for need in estimate.clients]
    total = sum(came)

    def at(sway: float) -> float:
        lost = sum(
            number * share_shed(need, estimate.requests, steps, tries, sway=sway)
            for need, number in zip(estimate.clients, came, strict=True)
        )
        there = 0.0
        if estimate.server is not None:
            limit = estimate.inbound or estimate.requests
            there = share_shed(estimate.server, limit, steps, tries, sway=sway)
        return round(min(1.0, (lost / total if total > 0 else 0.0) + there), 8)

    return at(0.0), (at(-times), at(times))


def _span(load: TargetLoad, steps: Mask) -> tuple[datetime, datetime]:
    times = pd.DatetimeIndex(load.times[steps]).tz_localize("UTC")
    return times[0], times[-1] + pd.Timedelta(seconds=load.clients[0].step_seconds)
