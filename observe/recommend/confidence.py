"""How sure a recommendation is, and what speaks against being surer."""

from __future__ import annotations

from observe.recommend.model import Confidence, TimeoutBacktest
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.timeout_estimate import TimeoutEstimate

#: Requests expected beyond the quantile: below the first number low, below the second medium.
_TAIL_REQUESTS = (10.0, 100.0)
_SHORT_DAYS = (2.0, 6.0)
#: Width of the interval, high over low.
_WIDE = (4.0, 2.0)
#: Swing of the share of slow answers from hour to hour, in its own size.
_BURSTY = 1.0
_POOR_COVERAGE = 0.5

_LOW, _MEDIUM, _HIGH = 0, 1, 2
_NAMES: tuple[Confidence, ...] = ("low", "medium", "high")


def timeout_confidence(
    estimate: TimeoutEstimate,
    test: TimeoutBacktest | None,
    policy: Policy,
    days: float,
    coverage: float,
    partial: bool,
) -> tuple[Confidence, tuple[Reason, ...]]:
    """The grade, and the reason codes of what lowered it.

    Each doubt caps the grade; the lowest cap wins.
    """
    rate = policy.timeout.false_timeout_rate
    interval = estimate.governing.interval
    caps = {
        Reason.FEW_REQUESTS: _below(estimate.governing.requests * rate, *_TAIL_REQUESTS),
        Reason.SHORT_WINDOW: _below(days, *_SHORT_DAYS),
        Reason.LOW_COVERAGE: _below(coverage, _POOR_COVERAGE, policy.low_coverage),
        Reason.WIDE_INTERVAL: _below(-interval.high / interval.low, *(-w for w in _WIDE)),
        Reason.BURSTY_TAIL: _MEDIUM if estimate.governing.scatter > _BURSTY else _HIGH,
        Reason.CLIENTS_HANG_UP: _MEDIUM if estimate.hung_up > rate else _HIGH,
        Reason.BACKTEST_OVER_BUDGET: _LOW if _over_budget(test, rate) else _HIGH,
        Reason.PARTIAL_ANSWER: _MEDIUM if partial else _HIGH,
    }
    doubts = tuple(reason for reason, cap in caps.items() if cap < _HIGH)
    return _NAMES[min(caps.values())], doubts


def _below(value: float, low: float, medium: float) -> int:
    if value < low:
        return _LOW
    return _MEDIUM if value < medium else _HIGH


def _over_budget(test: TimeoutBacktest | None, rate: float) -> bool:
    return test is not None and test.fraction_cut_interval[0] > rate
