"""The tail of a target's latency: the quantile that a timeout is chosen from.

The formulas stand in docs/method.md, "Timeouts".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.recommend.policy import TimeoutPolicy
from observe.signals.latency import TargetLatency
from observe.stats.censored import Censored, censored_histogram, common_cut
from observe.stats.dispersion import effect_of_scatter, scatter
from observe.stats.histogram import Histogram
from observe.stats.interval import quantile_interval
from observe.stats.quantile import Estimate, bucket_of, quantile
from observe.stats.windows import busiest, incidents

Mask = NDArray[np.bool_]
#: Successes slower than this quantile count as slow when incidents are looked for.
_SLOW_QUANTILE = 0.99
#: Days that are left out to see whether they alone decide, and days needed for that.
_WORST_DAYS, _FEWEST_DAYS = 2, 5


@dataclass(frozen=True)
class Tail:
    """The quantile of the answers that were allowed to finish, censoring accounted for.

    Attributes:
        survival: durations with the censored ones spread over what lies beyond them.
        requests: successes and censored requests.
        interval: the quantile with the interval that covers sampling and interpolation.
        bracket: the quantile with what the bucket boundaries alone guarantee.
        censored: share of requests cut before they ended.
        identified: whether the data reaches up to the quantile at all.
        design_effect: requests that are worth one independent request, >= 1.
        scatter: coefficient of variation between neighbouring steps of the share of slow
            answers, chance taken out; 0.5: it swings by half its size from hour to hour.
    """

    survival: Histogram
    requests: float
    interval: Estimate
    bracket: Estimate
    censored: float
    identified: bool
    design_effect: float
    scatter: float


def tail_of(
    latency: TargetLatency, policy: TimeoutPolicy, steps: Mask, caller: int | None = None
) -> Tail:
    """The tail over some steps (mask of H), of all callers or of one."""
    rate = policy.false_timeout_rate
    success = latency.histogram("success", steps=steps, caller=caller)
    seen = finished(latency, steps, caller)
    low, high = bucket_of(seen.survival, 1.0 - rate)
    swing = _swing(latency, steps, caller, low)
    effect = effect_of_scatter(swing, rate, success.total / max(1, int(steps.sum())))
    effect *= seen.weight  # a censored request tells less than its count suggests
    level = policy.interval_confidence
    interval = quantile_interval(seen.survival, 1.0 - rate, level, effect)
    return Tail(
        survival=seen.survival,
        requests=seen.survival.total,
        interval=interval,
        bracket=Estimate(interval.value, low, high),
        censored=seen.fraction,
        identified=1.0 - rate <= seen.identified_below,
        design_effect=effect,
        scatter=swing,
    )


def finished(latency: TargetLatency, steps: Mask, caller: int | None = None) -> Censored:
    """Durations of the good requests as if none had been cut, of all callers or of one.

    The sum of durations is known for all callers together only; the timeout that it shows is
    taken to be the same for each.
    """
    return censored_histogram(
        latency.histogram("success", steps=steps, caller=caller),
        latency.histogram("censored", steps=steps, caller=caller),
        common_cut(latency.histogram("censored", steps=steps)),
    )


def without_worst_days(
    latency: TargetLatency, policy: TimeoutPolicy, normal: Mask, beyond_ms: float, busiest: bool
) -> float:
    """The quantile (ms) if the two days with the most slow answers had not been.

    Args:
        latency: the target's durations.
        policy: the knobs.
        normal: steps that are no incident (mask of H).
        beyond_ms: answers slower than this are slow.
        busiest: of the busiest of the remaining steps, else of all of them.

    Returns:
        NaN when fewer than three days remain.
    """
    days = latency.times.astype("datetime64[D]")
    slow = latency.counts["success"][:, :, latency.lower >= beyond_ms].sum(axis=(0, 2))
    names, which = np.unique(days[normal], return_inverse=True)
    if len(names) < _FEWEST_DAYS:
        return math.nan
    worst = names[np.argsort(-np.bincount(which, slow[normal]), kind="stable")[:_WORST_DAYS]]
    rest = normal & ~np.isin(days, worst)
    steps = busiest_steps(latency, policy, rest) if busiest else rest
    return quantile(finished(latency, steps).survival, 1.0 - policy.false_timeout_rate).value


def _swing(latency: TargetLatency, steps: Mask, caller: int | None, beyond_ms: float) -> float:
    """How much the share of slow answers swings from step to step, chance taken out."""
    cube = latency.counts["success"]
    per_step = (cube if caller is None else cube[caller : caller + 1]).sum(axis=0)
    return scatter(per_step[:, latency.lower >= beyond_ms].sum(axis=1), per_step.sum(axis=1), steps)


def incident_steps(latency: TargetLatency, step_seconds: int) -> Mask:
    """Steps that belong to an incident and are left out of what is normal (mask of H)."""
    success = latency.histogram("success")
    volumes = latency.per_step("success")
    failed = latency.per_step("failure") + latency.counts["censored"].sum(axis=(0, 2))
    if success.total <= 0:
        return np.zeros(len(latency.times), dtype=bool)
    threshold = bucket_of(success, _SLOW_QUANTILE)[0]
    slow = latency.counts["success"][:, :, latency.lower >= threshold].sum(axis=(0, 2))
    return incidents(latency.times, volumes, slow, failed, step_seconds)


def busiest_steps(latency: TargetLatency, policy: TimeoutPolicy, normal: Mask) -> Mask:
    """The busiest of the normal steps: enough of them to see the quantile (mask of H)."""
    volumes = np.where(normal, latency.per_step("success"), 0.0)
    enough = 10.0 * policy.expected_tail_requests / policy.false_timeout_rate
    return busiest(volumes, policy.busiest_share, enough) & normal
