"""How sure a size is, and whether there is one at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.recommend.base_model import Confidence
from observe.recommend.resource_cpu import CpuNeed, throttled_in_busy_hours
from observe.recommend.resource_memory import MemoryNeed
from observe.recommend.resource_model import Graded
from observe.recommend.resource_policy import ResourcePolicy
from observe.recommend.resource_reasons import ResourceReason
from observe.recommend.resource_score import Score
from observe.recommend.resource_usage import Usage, replica_skew

Floats = NDArray[np.float64]

#: Days of data: below the first low, below the second medium (a day of the week was not seen).
_SHORT_DAYS = (2.0, 6.5)
_POOR_COVERAGE = 0.5
#: Upper over lower end of the CPU's interval.
_WIDE = (4.0, 2.0)
#: Periods throttled in the worst hours, from which usage is no longer what was wanted.
_THROTTLED = (0.25, 0.05)
#: The busiest pod against the mean.
_UNEVEN = 2.0
#: Restarts a day.
_RESTARTS = 2.0
#: Steps above in the test, over the share that may be.
_ABOVE = (4.0, 2.0)

_LOW, _MEDIUM, _HIGH = 0, 1, 2
_NAMES: tuple[Confidence, ...] = ("low", "medium", "high")


def too_little(
    of: Usage, values: Floats, what: str, policy: ResourcePolicy
) -> tuple[ResourceReason, str] | None:
    """Why there is no size of a resource, with a sentence; None when there is enough.

    Args:
        of: what the container used.
        values: the series of the resource (T).
        what: its name, for the sentence.
        policy: the knobs.
    """
    steps, hours = int(np.isfinite(values).sum()), of.hours(values)
    if not steps:
        return ResourceReason.NO_USAGE, f"no {what} was scraped"
    if hours < policy.least_hours or steps < policy.least_steps:
        needs = f"{policy.least_hours:g} hours and {policy.least_steps} steps are needed"
        return ResourceReason.TOO_SHORT, f"{hours:.1f} hours ({steps} steps) of {what}; {needs}"
    coverage = of.coverage(values)
    if coverage < policy.least_coverage:
        needs = f"{policy.least_coverage:.0%} is needed"
        return ResourceReason.MOSTLY_GAPS, f"{coverage:.0%} of the {what} is known; {needs}"
    return None


def cpu_confidence(of: Usage, need: CpuNeed, test: Score | None, policy: ResourcePolicy) -> Graded:
    """The grade of a CPU size, and what lowered it; the lowest cap wins."""
    throttled = np.nan_to_num(throttled_in_busy_hours(of))
    accepted = policy.balanced.most_above
    missed = test.fraction_above / accepted if test and test.steps else 0.0
    wide = need.high / need.low if need.high > policy.least_cpu else 1.0
    return _grade(
        {
            **_data(of, of.cpu, policy),
            ResourceReason.WIDE_INTERVAL: _above(wide, *_WIDE),
            ResourceReason.CPU_CENSORED: _above(throttled, *_THROTTLED),
            ResourceReason.REPLICAS_UNEVEN: _MEDIUM if replica_skew(of) > _UNEVEN else _HIGH,
            ResourceReason.RESTARTS: _restarts(of, of.cpu),
            ResourceReason.BACKTEST_ABOVE: _above(missed, *_ABOVE),
        }
    )


def memory_confidence(
    of: Usage, need: MemoryNeed, test: Score | None, policy: ResourcePolicy
) -> Graded:
    """The grade of a memory size, and what lowered it."""
    return _grade(
        {
            **_data(of, of.memory, policy),
            ResourceReason.MEMORY_GROWS: _MEDIUM if need.growth > 0 else _HIGH,
            ResourceReason.MEMORY_CENSORED: _MEDIUM if need.censored else _HIGH,
            ResourceReason.RESTARTS: _restarts(of, of.memory),
            ResourceReason.BACKTEST_ABOVE: _MEDIUM if test and test.days_above else _HIGH,
        }
    )


def _data(of: Usage, values: Floats, policy: ResourcePolicy) -> dict[ResourceReason, int]:
    return {
        ResourceReason.SHORT_WINDOW: _below(of.days(values), *_SHORT_DAYS),
        ResourceReason.LOW_COVERAGE: _below(
            of.coverage(values), _POOR_COVERAGE, policy.low_coverage
        ),
    }


def _restarts(of: Usage, values: Floats) -> int:
    a_day = float(of.restarts.sum()) / max(of.days(values), 1.0)
    return _MEDIUM if a_day > _RESTARTS else _HIGH


def _grade(caps: dict[ResourceReason, int]) -> Graded:
    doubts = tuple(reason for reason, cap in caps.items() if cap < _HIGH)
    return _NAMES[min(caps.values())], doubts


def _below(value: float, low: float, medium: float) -> int:
    return _LOW if value < low else _MEDIUM if value < medium else _HIGH


def _above(value: float, low: float, medium: float) -> int:
    return _below(-value, -low, -medium)
