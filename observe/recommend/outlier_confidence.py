"""How sure an outlier detection recommendation is, and what speaks against being surer."""

from __future__ import annotations

from dataclasses import dataclass

from observe.recommend.base_model import CONFIDENCES, Confidence
from observe.recommend.outlier_model import OutlierBacktest
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason

_SHORT_DAYS = (2.0, 6.0)
_POOR_COVERAGE = 0.5
_CLUSTER = 0.2
_MOSTLY = 0.5
_LOW, _MEDIUM, _HIGH = 0, 1, 2


@dataclass(frozen=True)
class OutlierGrounds:
    """What a recommendation stands on.

    Attributes:
        days: part of the window since the target was first seen.
        coverage: scrapes present / expected.
        partial: whether a piece of the telemetry is missing.
        failed_alone: whether a host was seen to fail alone.
        hosts_reported: whether errors are known for each host.
        proxies_known: whether the number of client proxies is.
        borne: whether the other hosts were seen to carry the load.
        dependence: correlation between a request to a host and the next.
        grpc: share of the requests that are gRPC.
        ejecting: whether hosts are being ejected already.
    """

    days: float
    coverage: float
    partial: bool
    failed_alone: bool
    hosts_reported: bool
    proxies_known: bool
    borne: bool
    dependence: float
    grpc: float
    ejecting: bool


def outlier_confidence(
    grounds: OutlierGrounds, test: OutlierBacktest | None, test_weeks: float, policy: Policy
) -> tuple[Confidence, tuple[Reason, ...]]:
    """The grade, and the reason codes of what lowered it; the lowest cap wins.

    Args:
        grounds: what is known.
        test: the backtest.
        test_weeks: length of its second part.
        policy: the knobs.
    """
    budget = policy.outlier_detection.false_ejections_per_week * test_weeks
    over = test is not None and test.false_ejections_interval[0] > budget
    caps = {
        Reason.SHORT_WINDOW: _below(grounds.days, *_SHORT_DAYS),
        Reason.LOW_COVERAGE: _below(grounds.coverage, _POOR_COVERAGE, policy.low_coverage),
        Reason.NO_HOST_FAILED: _medium(grounds.hosts_reported and not grounds.failed_alone),
        Reason.HOSTS_NOT_REPORTED: _LOW if not grounds.hosts_reported else _HIGH,
        Reason.CLIENT_PROXIES_UNKNOWN: _medium(not grounds.proxies_known),
        Reason.CAPACITY_UNPROVEN: _medium(not grounds.borne),
        Reason.ERRORS_CLUSTER: _medium(grounds.dependence > _CLUSTER),
        Reason.GRPC_TRAILERS: _medium(grounds.grpc > _MOSTLY),
        Reason.EJECTIONS_HIDE_FAILURES: _medium(grounds.ejecting),
        Reason.OUTLIER_BACKTEST_OVER: _LOW if over else _HIGH,
        Reason.PARTIAL_ANSWER: _medium(grounds.partial),
    }
    doubts = tuple(reason for reason, cap in caps.items() if cap < _HIGH)
    return CONFIDENCES[min(caps.values())], doubts


def _below(value: float, low: float, medium: float) -> int:
    if value < low:
        return _LOW
    return _MEDIUM if value < medium else _HIGH


def _medium(doubt: bool) -> int:
    return _MEDIUM if doubt else _HIGH
