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
from observe.stats.histogram import Histogram
from observe.stats.interval import design_effect, quantile_interval
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
        design_effect: variance between steps over binomial variance, >= 1.
        scatter: coefficient of variation between steps of the share of slow answers, chance
            taken out; 0.5 says that it swings by half its size from hour to hour.
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
    level = 1.0 - policy.false_timeout_rate
    success = latency.histogram("success", steps=steps, caller=caller)
    cut = latency.histogram("censored", steps=steps, caller=caller)
    seen = censored_histogram(success, cut)
    bracket = quantile(seen.survival, level)
    effect = _design_effect(latency, steps, caller, bracket.low)
    return Tail(
        survival=seen.survival,
        requests=success.total + cut.total,
        interval=quantile_interval(seen.survival, level, policy.interval_confidence, effect),
        bracket=bracket,
        censored=seen.fraction,
        identified=level <= seen.identified_below,
        design_effect=effect,
        scatter=_scatter(effect, policy.false_timeout_rate, success.total / max(1, steps.sum())),
    )


def _scatter(effect: float, share: float, requests_per_step: float) -> float:
    """What the design effect says of a share: var = (effect - 1) * p (1 - p) / n."""
    if requests_per_step <= 0:
        return 0.0
    return float(np.sqrt((effect - 1.0) * (1.0 - share) / (requests_per_step * share)))


def _design_effect(
    latency: TargetLatency, steps: Mask, caller: int | None, beyond_ms: float
) -> float:
    """How much more the share of slow answers varies between steps than chance explains."""
    cube = latency.counts["success"][:, steps]
    cube = cube if caller is None else cube[caller : caller + 1]
    per_step = cube.sum(axis=0)
    lower = np.concatenate(([0.0], latency.bounds[:-1]))
    exceed = per_step[:, lower >= beyond_ms].sum(axis=1)
    totals = per_step.sum(axis=1)
    return design_effect(exceed[totals > 0], totals[totals > 0])


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
