"""Which level of use a request has to reach: the share of steps above, and the busiest hour.

The method and its sources stand in docs/method-resources.md.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from observe.recommend.resource_policy import ResourcePolicy, VariantPolicy
from observe.recommend.resource_usage import Usage
from observe.stats.seasonal import DAY, HOUR, levels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Days from which they are what is drawn for an interval.
_FEW_DAYS = 4
#: What is drawn instead in a shorter window.
_SHORT_BLOCK = 6 * HOUR
#: Hours of a week.
_HOURS = 168
#: A request is always the same for the same input.
_SEED = 20_151_105


class Above:
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
        cost[share > variant.most_above + 1e-9] = np.inf
        return float(self.cores[self.last[int(np.argmin(cost))]])

    def free(self, variant: VariantPolicy) -> float:
        """The same without the bound on the share above."""
        return self.weigh(np.ones(self.cores.size), variant.model_copy(update={"most_above": 1.0}))


class Seen:
    """Steps and hours of a window, as one variant looks at them."""

    def __init__(
        self, of: Usage, cpu: Floats, variant: VariantPolicy, policy: ResourcePolicy
    ) -> None:
        days, hour = of.days(cpu), of.blocks(HOUR)
        self.variant = variant
        self.above = Above(cpu, policy.least_cpu)
        self.hours = levels(cpu, hour, variant.hour_level)
        self.of_week: Ints = (of.start // HOUR + np.arange(self.hours.size)) % _HOURS
        self.spare = round(variant.outlier_hours * days / 7)
        #: What is drawn anew as one piece, of each step and of each hour.
        self.block = of.blocks(DAY if days >= _FEW_DAYS else _SHORT_BLOCK)
        self.home = self.block[np.searchsorted(hour, np.arange(self.hours.size))]

    def interval(self, draws: int, confidence: float) -> tuple[float, float]:
        """Ends of the need when the days are drawn anew (block bootstrap, Künsch 1989).

        More than was seen is never drawn: the upper end says how far the days disagree, not
        what a day that nobody saw would bring.
        """
        count = int(self.block[-1]) + 1
        rng = np.random.default_rng(_SEED)
        found = []
        for _ in range(draws):
            drawn = np.bincount(rng.integers(0, count, count), minlength=count)
            weights = drawn[self.block[self.above.steps]].astype(np.float64)
            if not weights.any():
                continue
            again = np.repeat(np.arange(self.hours.size), drawn[self.home])
            busiest, at = busiest_hour(self.hours[again], self.of_week[again], self.spare)
            level = self.above.weigh(weights, self.variant)
            found.append(level if at is None else max(level, busiest))
        tail = (1 - confidence) / 2
        low, high = np.quantile(found, (tail, 1 - tail))
        return float(low), float(high)


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
