"""CPU requests and limits of one container. The method stands in docs/method-resources.md."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.recommend.resource_policy import ResourcePolicy, VariantPolicy
from observe.recommend.resource_reasons import ResourceReason
from observe.recommend.resource_usage import Usage, steady_cpu
from observe.stats.seasonal import DAY, HOUR, hour_of_week, levels
from observe.stats.trend import trend

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Window from which weeks can be compared, and from which days are what is drawn for intervals.
_TWO_WEEKS, _FEW_DAYS = 14, 4
#: What is drawn instead in a shorter window.
_SHORT_BLOCK = 6 * HOUR
_DRAWS = 100
_HOURS = 168
#: A request is always the same for the same input.
_SEED = 20_151_105
#: The level of a day that is looked at for growth.
_DAY_LEVEL = 0.95
#: Growth is told from noise at this level: with two weeks, all seven days must have risen.
_GROWTH_LEVEL = 0.05
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


def cpu_need(of: Usage, variant: VariantPolicy, policy: ResourcePolicy) -> CpuNeed | None:
    """The need of the busiest pod; None where nothing is known of its CPU."""
    cpu, startup = steady_cpu(of, policy.startup_seconds)
    if not np.isfinite(cpu).any():
        return None
    days = of.days(cpu)
    growth = _growth(cpu, of, policy) if days >= _TWO_WEEKS else 1.0
    above = _Above(cpu, policy.least_cpu)
    level = above.weigh(np.ones(above.cores.size), variant)
    hours = levels(cpu, of.blocks(HOUR), variant.hour_level)
    of_week = (of.start // HOUR + np.arange(hours.size)) % _HOURS
    spare = round(variant.outlier_hours * days / 7)
    busiest, at = busiest_hour(hours, of_week, spare)
    cores = max(level, 0.0 if at is None else busiest)
    low, high = _interval(of, cpu, variant, policy, spare)
    rules = {
        ResourceReason.CPU_BUSIEST_HOUR: at is not None and busiest > level,
        ResourceReason.CPU_MOST_ABOVE: cores == level and level > above.free(variant),
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
    """A request with headroom, in whole millicores, never below the least."""
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


class _Above:
    """Steps by what they used, and the share of them above each level."""

    def __init__(self, cpu: Floats, least: float) -> None:
        self.steps: Ints = np.flatnonzero(np.isfinite(cpu))
        order = np.argsort(cpu[self.steps], kind="stable")
        self.steps = self.steps[order]
        self.cores = np.maximum(cpu[self.steps], least)
        #: Last step of each distinct level: at that level, all up to it fit.
        self.last: Ints = np.append(np.flatnonzero(np.diff(self.cores) > 0), self.cores.size - 1)
        self.log = np.log(self.cores[self.last])

    def weigh(self, weights: Floats, variant: VariantPolicy) -> float:
        """The level with the least cost: its logarithm, and the share above at its worth."""
        total = np.cumsum(weights)
        share = 1 - total[self.last] / total[-1]
        cost = self.log + 100 * variant.worth_of_a_point * share
        cost[share > variant.most_above] = np.inf
        return float(np.exp(self.log[int(np.argmin(cost))]))

    def free(self, variant: VariantPolicy) -> float:
        """The same without the bound on the share above."""
        return self.weigh(np.ones(self.cores.size), variant.model_copy(update={"most_above": 1.0}))


def busiest_hour(hours: Floats, of_week: Ints, spare: int) -> tuple[float, int | None]:
    """The highest hour that is kept, and its number; None without any.

    Args:
        hours: levels; NaN for unknown.
        of_week: which hour of the week each is.
        spare: hours that may be outliers. An hour that was as high in another week is none.
    """
    known = np.flatnonzero(np.isfinite(hours))
    if not known.size:
        return math.nan, None
    order = known[np.argsort(-hours[known], kind="stable")]
    at = int(order[min(spare, known.size - 1)])
    by_hour = order[np.argsort(of_week[order], kind="stable")]
    same = of_week[by_hour]
    as_before = np.append(False, same[1:] == same[:-1])
    second = as_before & ~np.append(False, as_before[:-1])
    recurring = by_hour[second]
    if recurring.size:
        again = int(recurring[np.argmax(hours[recurring])])
        at = max((at, again), key=lambda i: (float(hours[i]), -i))
    return float(hours[at]), at


def _interval(
    of: Usage, cpu: Floats, variant: VariantPolicy, policy: ResourcePolicy, spare: int
) -> tuple[float, float]:
    """Ends of the interval: the need when the days are drawn anew (block bootstrap, Künsch 1989).

    A bootstrap never draws more than was seen: the upper end says how far the days disagree,
    not what a day that nobody saw would bring.
    """
    block = of.blocks(DAY if of.days(cpu) >= _FEW_DAYS else _SHORT_BLOCK)
    count = int(block[-1]) + 1
    above = _Above(cpu, policy.least_cpu)
    hours = levels(cpu, of.blocks(HOUR), variant.hour_level)
    of_week = (of.start // HOUR + np.arange(hours.size)) % _HOURS
    home = block[np.searchsorted(of.blocks(HOUR), np.arange(hours.size))]
    rng = np.random.default_rng(_SEED)
    found = []
    for _ in range(_DRAWS):
        drawn = np.bincount(rng.integers(0, count, count), minlength=count).astype(np.float64)
        weights = drawn[block[above.steps]]
        if not weights.any():
            continue
        again = np.repeat(np.arange(hours.size), drawn[home].astype(np.int64))
        busiest, at = busiest_hour(hours[again], of_week[again], spare)
        found.append(max(above.weigh(weights, variant), 0.0 if at is None else busiest))
    tail = (1 - policy.interval_confidence) / 2
    low, high = np.quantile(found, (tail, 1 - tail))
    return float(low), float(high)


def _growth(cpu: Floats, of: Usage, policy: ResourcePolicy) -> float:
    """Growth for one more week: Mondays against Mondays (Hirsch, Slack & Smith 1982)."""
    days = levels(cpu, of.blocks(DAY), _DAY_LEVEL)
    with np.errstate(divide="ignore"):
        found = trend(np.log(np.maximum(days, policy.least_cpu)), season=7)
    if not found.rises(_GROWTH_LEVEL):
        return 1.0
    return float(min(math.exp(7 * found.slope), policy.most_growth))
