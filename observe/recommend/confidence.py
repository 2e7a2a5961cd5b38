"""How sure a recommendation is, and what speaks against being surer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from observe.recommend.base_model import Confidence
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.timeout_estimate import TimeoutEstimate
from observe.recommend.timeout_model import TimeoutBacktest

#: Requests expected beyond the quantile: below the first number low, below the second medium.
_TAIL_REQUESTS = (10.0, 100.0)
_SHORT_DAYS = (2.0, 6.0)
#: Width of the interval, high over low.
_WIDE = (4.0, 2.0)
#: Swing of the share of slow answers from hour to hour, in its own size.
_BURSTY = 1.0
#: The quantile over what it is without its two worst days.
_FEW_DAYS = 2.0
_POOR_COVERAGE = 0.5

_LOW, _MEDIUM, _HIGH = 0, 1, 2
_NAMES: tuple[Confidence, ...] = ("low", "medium", "high")


@dataclass(frozen=True)
class Grounds:
    """What a timeout stands on, besides its own numbers.

    Attributes:
        days: part of the window since the target was first seen.
        coverage: scrapes present / expected.
        partial: whether a piece of the telemetry is missing.
        cut_with_incidents: share of the good requests that the timeout would have cut in the
            whole window, the hours that were left out included.
        a_caller_is_cut: whether some caller would lose many of its requests.
        without_worst_days: the quantile (ms) when its two worst days are left out; NaN when that
            cannot be said.
    """

    days: float
    coverage: float
    partial: bool
    cut_with_incidents: float
    a_caller_is_cut: bool
    without_worst_days: float


def timeout_confidence(
    estimate: TimeoutEstimate,
    test: TimeoutBacktest | None,
    policy: Policy,
    grounds: Grounds,
) -> tuple[Confidence, tuple[Reason, ...]]:
    """The grade, and the reason codes of what lowered it.

    Each doubt caps the grade; the lowest cap wins.
    """
    rate = policy.timeout.false_timeout_rate
    caps = {
        Reason.FEW_REQUESTS: _below(estimate.governing.requests * rate, *_TAIL_REQUESTS),
        Reason.SHORT_WINDOW: _below(grounds.days, *_SHORT_DAYS),
        Reason.LOW_COVERAGE: _below(grounds.coverage, _POOR_COVERAGE, policy.low_coverage),
        Reason.WIDE_INTERVAL: _below(-_width(estimate), *(-w for w in _WIDE)),
        Reason.BURSTY_TAIL: _MEDIUM if _bursty(estimate, grounds) else _HIGH,
        Reason.CLIENTS_HANG_UP: _MEDIUM if estimate.hung_up > rate else _HIGH,
        Reason.CALLER_CUT: _LOW if grounds.a_caller_is_cut else _HIGH,
        Reason.INCIDENT_EXCLUDED: _MEDIUM if grounds.cut_with_incidents > rate else _HIGH,
        Reason.BACKTEST_OVER_BUDGET: _LOW if _over_budget(test, rate) else _HIGH,
        Reason.PARTIAL_ANSWER: _MEDIUM if grounds.partial else _HIGH,
    }
    doubts = tuple(reason for reason, cap in caps.items() if cap < _HIGH)
    return _NAMES[min(caps.values())], doubts


def _below(value: float, low: float, medium: float) -> int:
    if value < low:
        return _LOW
    return _MEDIUM if value < medium else _HIGH


def _width(estimate: TimeoutEstimate) -> float:
    """Upper over lower end of the interval; inf in the first bucket, which starts at nothing."""
    interval, bracket = estimate.governing.interval, estimate.governing.bracket
    if Reason.MINIMUM_APPLIED in estimate.shaped_by:
        return 1.0  # wherever it lies, the minimum decides
    return interval.high / interval.low if interval.low > 0 and bracket.low > 0 else math.inf


def _bursty(estimate: TimeoutEstimate, grounds: Grounds) -> bool:
    """Whether slow answers swing from hour to hour, or one or two days alone made the number."""
    tail = estimate.governing
    return tail.scatter > _BURSTY or tail.interval.value > _FEW_DAYS * grounds.without_worst_days


def _over_budget(test: TimeoutBacktest | None, rate: float) -> bool:
    return test is not None and test.fraction_cut_interval[0] > rate
