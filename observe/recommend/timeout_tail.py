"""The tail of a target's latency: the quantile that a timeout is chosen from.

The formulas stand in docs/method.md, "Timeouts".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.recommend.policy import TimeoutPolicy
from observe.signals.latency import TargetLatency
from observe.stats.censored import censored_histogram
from observe.stats.dispersion import effect_of_scatter, scatter
from observe.stats.histogram import Histogram
from observe.stats.interval import quantile_interval
from observe.stats.quantile import Estimate, quantile
from observe.stats.windows import busiest, incidents

Mask = NDArray[np.bool_]
#: Successes slower than this quantile count as slow when incidents are looked for.
_SLOW_QUANTILE = 0.99


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
    cut = latency.histogram("censored", steps=steps, caller=caller)
    seen = censored_histogram(success, cut)
    bracket = quantile(seen.survival, 1.0 - rate)
    swing = _swing(latency, steps, caller, bracket.low)
    effect = effect_of_scatter(swing, rate, success.total / max(1, int(steps.sum())))
    effect *= seen.weight  # a censored request tells less than its count suggests
    level = policy.interval_confidence
    return Tail(
        survival=seen.survival,
        requests=success.total + cut.total,
        interval=quantile_interval(seen.survival, 1.0 - rate, level, effect),
        bracket=bracket,
        censored=seen.fraction,
        identified=1.0 - rate <= seen.identified_below,
        design_effect=effect,
        scatter=swing,
    )


def _swing(latency: TargetLatency, steps: Mask, caller: int | None, beyond_ms: float) -> float:
    """How much the share of slow answers swings from step to step, chance taken out."""
    cube = latency.counts["success"]
    per_step = (cube if caller is None else cube[caller : caller + 1]).sum(axis=0)
    lower = np.concatenate(([0.0], latency.bounds[:-1]))
    return scatter(per_step[:, lower >= beyond_ms].sum(axis=1), per_step.sum(axis=1), steps)


def incident_steps(latency: TargetLatency, step_seconds: int) -> Mask:
    """Steps that belong to an incident and are left out of what is normal (mask of H)."""
    success = latency.histogram("success")
    volumes = latency.per_step("success")
    failed = latency.per_step("failure") + latency.counts["censored"].sum(axis=(0, 2))
    if success.total <= 0:
        return np.zeros(len(latency.times), dtype=bool)
    threshold = quantile(success, _SLOW_QUANTILE).low
    lower = np.concatenate(([0.0], latency.bounds[:-1]))
    slow = latency.counts["success"][:, :, lower >= threshold].sum(axis=(0, 2))
    return incidents(latency.times, volumes, slow, failed, step_seconds)


def busiest_steps(latency: TargetLatency, policy: TimeoutPolicy, normal: Mask) -> Mask:
    """The busiest of the normal steps: enough of them to see the quantile (mask of H)."""
    volumes = np.where(normal, latency.per_step("success"), 0.0)
    enough = 10.0 * policy.expected_tail_requests / policy.false_timeout_rate
    return busiest(volumes, policy.busiest_share, enough) & normal
