"""CPU requests and limits of one container. The method stands in docs/method-resources.md."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.recommend.resource_level import Seen, busiest_hour
from observe.recommend.resource_policy import ResourcePolicy, VariantPolicy
from observe.recommend.resource_reasons import ResourceReason
from observe.recommend.resource_usage import Usage, steady_cpu
from observe.stats.seasonal import HOUR, WEEK, hour_of_week, levels
from observe.stats.trend import trend

Floats = NDArray[np.float64]

#: Days from which weeks can be compared.
_TWO_WEEKS = 14
#: How often the days are drawn anew for an interval.
DRAWS = 100
#: The level of a day that is looked at for growth.
_DAY_LEVEL = 0.95
#: Growth is told from noise at this level: with two weeks, all seven days must have risen.
_GROWTH_LEVEL = 0.05
#: A week is lower when each of its days is by this much.
_FALL = 0.10
_GROWTH_SHOWN = 1.02


@dataclass(frozen=True)
class CpuNeed:
    """What the busiest pod needs of the CPU, before headroom and rounding.

    Attributes:
        cores: the need; growth is in it.
        low, high: ends of its interval, from the days of the window drawn anew.
        level: the part of it that weighs steps above against a larger request.
        busiest: the level of the busiest hour that is kept; NaN without a whole hour.
        hour: its name, such as "Mon 09:00"; "" without one.
        growth: factor for one more week, at least 1; in `cores`.
        startup: most that a start used, which is left out; 0 without any.
        shaped_by: what decided.
    """

    cores: float
    low: float
    high: float
    level: float
    busiest: float
    hour: str
    growth: float
    startup: float
    shaped_by: tuple[ResourceReason, ...]


def cpu_need(
    of: Usage, variant: VariantPolicy, policy: ResourcePolicy, draws: int = DRAWS
) -> CpuNeed | None:
    """The need of the busiest pod; None where nothing is known of its CPU.

    Args:
        of: what the container used.
        variant: how much is paid for being safe.
        policy: the other knobs.
        draws: how often the days are drawn anew for the interval; 0 for no interval.
    """
    cpu, startup = steady_cpu(of, policy.startup_seconds)
    if not np.isfinite(cpu).any():
        return None
    weeks = of.days(cpu) >= _TWO_WEEKS
    growth = _growth(cpu, of, policy) if weeks else 1.0
    fell = weeks and _fell(cpu, of)
    if fell:
        week = WEEK // of.step_seconds
        of, cpu = of.part(of.count - week, of.count), cpu[-week:]
    seen = Seen(of, cpu, variant, policy)
    busiest, at = busiest_hour(seen.hours, seen.of_week, seen.spare)
    level = seen.above.weigh(np.ones(seen.above.cores.size), variant)
    cores = max(level, 0.0 if at is None else busiest)
    low, high = seen.interval(draws, policy.interval_confidence) if draws else (cores, cores)
    rules = {
        ResourceReason.CPU_BUSIEST_HOUR: at is not None and busiest > level,
        ResourceReason.CPU_MOST_ABOVE: cores == level and level > seen.above.free(variant),
        ResourceReason.CPU_FELL: fell,
        ResourceReason.CPU_GROWS: growth > _GROWTH_SHOWN,
        ResourceReason.STARTUP_SPIKE: startup > cores,
    }
    return CpuNeed(
        cores=cores * growth,
        low=min(low, cores) * growth,
        high=max(high, cores) * growth,
        level=level,
        busiest=busiest,
        hour="" if at is None else hour_of_week(of.start, at),
        growth=growth,
        startup=startup,
        shaped_by=tuple(reason for reason, holds in rules.items() if holds),
    )


def cpu_request(cores: float, variant: VariantPolicy, policy: ResourcePolicy) -> float:
    """A request with headroom, in whole millicores; the least, where no more is needed."""
    if cores <= policy.least_cpu:
        return policy.least_cpu
    wanted = cores * (1 + variant.cpu_headroom)
    return max(math.ceil(round(wanted * 1000, 6)) / 1000, policy.least_cpu)


def cpu_limit(
    of: Usage, request: float, variant: VariantPolicy
) -> tuple[float | None, ResourceReason | None]:
    """A limit only where one is set that does not hurt: none is invented.

    A limit throttles bursts that the node could bear. Where one is set it stays, as long as the
    periods throttled in the worst hours (the 95th of 100) are within what is accepted and the
    request leaves it; else it goes.
    """
    if of.cpu_limit is None:
        return None, None
    hours = levels(of.throttled, of.blocks(HOUR), 0.5)
    if not np.isfinite(hours).any():
        return None, ResourceReason.CPU_LIMIT_UNJUDGED
    worst = float(np.nanquantile(hours, 0.95))
    if worst > variant.accepted_throttling or of.cpu_limit < request:
        return None, ResourceReason.CPU_LIMIT_THROTTLES
    return of.cpu_limit, ResourceReason.CPU_LIMIT_KEPT


def throttled_in_busy_hours(of: Usage) -> float:
    """Share of the periods throttled in the worst hours; NaN when not known."""
    hours = levels(of.throttled, of.blocks(HOUR), 0.5)
    return float(np.nanquantile(hours, 0.95)) if np.isfinite(hours).any() else math.nan


def _growth(cpu: Floats, of: Usage, policy: ResourcePolicy) -> float:
    """Growth for one more week: Mondays against Mondays (Hirsch, Slack & Smith 1982)."""
    days = levels(cpu, of.days_back, _DAY_LEVEL)
    found = trend(np.log(np.maximum(days, policy.least_cpu)), season=7)
    if not found.rises(_GROWTH_LEVEL):
        return 1.0
    return float(min(math.exp(7 * found.slope), policy.most_growth))


def _fell(cpu: Floats, of: Usage) -> bool:
    """Whether each day of the last week was lower than the same day of the week before.

    By chance that is one in 2^7, and much less by so much; a whole week was then seen at the new
    level, so that nothing of the weekly cycle is forgotten with the old one.
    """
    days = levels(cpu, of.days_back, _DAY_LEVEL)
    return bool(np.all(days[-7:] < (1 - _FALL) * days[-14:-7]))
