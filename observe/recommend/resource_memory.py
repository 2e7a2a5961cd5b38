"""Memory requests and limits of one container. The method stands in docs/method-resources.md."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.recommend.resource_growth import memory_rise
from observe.recommend.resource_policy import MIB, ResourcePolicy, VariantPolicy
from observe.recommend.resource_usage import Usage
from observe.stats.seasonal import levels

Floats = NDArray[np.float64]

#: A maximum of fewer days says nothing about how days differ.
_FEW_DAYS = 3
#: What a container that was killed is given: the larger of both, as VPA does.
_OOM_FACTOR, _OOM_BYTES = 1.2, 100.0 * MIB
#: From this part of the limit on, a working set is held down by it.
_AT_LIMIT = 0.98


@dataclass(frozen=True)
class MemoryNeed:
    """What the largest pod needs, before margin and rounding.

    Attributes:
        peak: the maximum that was seen (bytes).
        last: the last value that was seen.
        need: what it needs: the peak, or more where it was killed.
        spread: how much the logarithms of days' maxima differ; NaN below three days.
        per_week: growth of the floor, bytes a week; 0 where it is not more than chance.
        growth, growth_high: bytes for the growth that is allowed for, and the upper end.
        leak: whether it rises like a leak, so that no size holds.
        oom_kills: containers killed for memory.
        censored: whether it was killed or ran at its limit.
    """

    peak: float
    last: float
    need: float
    spread: float
    per_week: float
    growth: float
    growth_high: float
    leak: bool
    oom_kills: int
    censored: bool


def memory_need(of: Usage, policy: ResourcePolicy) -> MemoryNeed | None:
    """The need of the largest pod; None where nothing is known of its memory."""
    known = np.isfinite(of.memory)
    if not known.any():
        return None
    peak = float(of.memory[known].max())
    kills = int(of.oom_kills.sum())
    need = _after_kills(of, peak) if kills else peak
    rise = memory_rise(of, policy)
    found = rise.per_week.slope if rise else 0.0
    weeks = rise.horizon if rise else 0.0
    most = (policy.most_growth - 1) * peak
    at_limit = of.memory_limit is not None and peak >= _AT_LIMIT * of.memory_limit
    return MemoryNeed(
        peak=peak,
        last=float(of.memory[known][-1]),
        need=need,
        spread=_spread(of),
        per_week=found,
        growth=min(found * weeks, most),
        growth_high=min(max(rise.per_week.high, found) * weeks, most) if rise else 0.0,
        leak=rise is not None and rise.leak,
        oom_kills=kills,
        censored=kills > 0 or at_limit,
    )


def memory_request(need: MemoryNeed, variant: VariantPolicy, policy: ResourcePolicy) -> float:
    """A request in whole MiB: the need, growth and a margin; never below the least."""
    wanted = (need.need + need.growth) * (1 + margin(need.spread, variant))
    return max(whole_mib(wanted), policy.least_memory)


def margin(spread: float, variant: VariantPolicy) -> float:
    """Room above a maximum: as much as the maxima of days differ, within the variant's bounds."""
    least, most = variant.memory_least_margin, variant.memory_most_margin
    return most if math.isnan(spread) else min(max(spread, least), max(least, most))


def whole_mib(size: float) -> float:
    """Bytes in whole MiB, rounded up."""
    return math.ceil(round(size / MIB, 9)) * MIB


def _after_kills(of: Usage, peak: float) -> float:
    """Killed containers wanted more than they had, which was the limit, or at least the peak."""
    had = max(peak, of.memory_limit or of.memory_request or 0.0)
    return max(had * _OOM_FACTOR, had + _OOM_BYTES)


def _spread(of: Usage) -> float:
    """How much the maxima of days differ: from one day to the next (von Neumann 1941).

    Unlike their standard deviation, this leaves growth out, which is allowed for by itself.
    """
    days = levels(of.memory, of.days_back, 1.0)
    days = np.log(days[np.isfinite(days) & (days > 0)])
    if days.size < _FEW_DAYS:
        return math.nan
    return float(np.sqrt(np.mean(np.diff(days) ** 2) / 2))
