"""How sure a pool is, and what speaks against being surer."""

from __future__ import annotations

from dataclasses import dataclass

from observe.recommend.base_model import CONFIDENCES, Confidence
from observe.recommend.policy import Policy
from observe.recommend.pool_limits import PoolEstimate
from observe.recommend.pool_model import PoolBacktest
from observe.recommend.reasons import Reason

_SHORT_DAYS = (2.0, 6.0)
#: Width of the interval, high over low, and requests below which it counts as narrow anyway.
_WIDE = (4.0, 2.0)
_FEW_UNDER_WAY = 10
_POOR_COVERAGE = 0.5
#: Batches, and variation of the rate from step to step, from which arrivals are bursts.
_BATCHES, _SWAY = 5.0, 0.25
_LOW, _MEDIUM, _HIGH = 0, 1, 2


@dataclass(frozen=True)
class PoolGrounds:
    """What a pool stands on, besides its own numbers.

    Attributes:
        days: part of the window since the target was first seen.
        coverage: scrapes present / expected.
        partial: whether a piece of the telemetry is missing.
        shed_in_incidents: predicted share of the requests refused, where incidents were left
            out of the need; 0 without any.
        refused: requests that a pool refused: nobody knows how many the servers bear.
    """

    days: float
    coverage: float
    partial: bool
    shed_in_incidents: float
    refused: float


def pool_confidence(
    estimate: PoolEstimate,
    test: PoolBacktest | None,
    policy: Policy,
    grounds: PoolGrounds,
) -> tuple[Confidence, tuple[Reason, ...]]:
    """The grade, and the reason codes of what lowered it.

    Each doubt caps the grade; the lowest cap wins.
    """
    accepted = policy.connection_pool.accepted_shed
    caps = {
        Reason.SHORT_WINDOW: _below(grounds.days, *_SHORT_DAYS),
        Reason.LOW_COVERAGE: _below(grounds.coverage, _POOR_COVERAGE, policy.low_coverage),
        Reason.WIDE_INTERVAL: _below(-_width(estimate), *(-w for w in _WIDE)),
        Reason.PROXIES_UNKNOWN: _MEDIUM if _known_by(estimate) == "one" else _HIGH,
        Reason.PROXIES_BY_PODS: _MEDIUM if _known_by(estimate) == "pods" else _HIGH,
        Reason.SERVERS_UNKNOWN: _LOW if _servers_decide_unknown(estimate) else _HIGH,
        Reason.POOL_BURSTS: _MEDIUM if _bursts(estimate) else _HIGH,
        Reason.POOL_GAUGE_HIGHER: _MEDIUM if estimate.gauge_decides else _HIGH,
        Reason.INCIDENT_EXCLUDED: _MEDIUM if grounds.shed_in_incidents > accepted else _HIGH,
        Reason.POOL_BACKTEST_SHED: _LOW if _over(test, accepted) else _HIGH,
        Reason.POOL_OVERFLOWED: _MEDIUM if grounds.refused > 0 else _HIGH,
        Reason.PARTIAL_ANSWER: _MEDIUM if grounds.partial else _HIGH,
    }
    return CONFIDENCES[min(caps.values())], tuple(r for r, cap in caps.items() if cap < _HIGH)


def _below(value: float, low: float, medium: float) -> int:
    if value < low:
        return _LOW
    return _MEDIUM if value < medium else _HIGH


def _width(estimate: PoolEstimate) -> float:
    """Upper over lower end of the larger need; a handful is narrow whatever the ratio."""
    need = estimate.neediest
    return 1.0 if need.high <= _FEW_UNDER_WAY else need.high / max(1, need.low)


def _known_by(estimate: PoolEstimate) -> str:
    """How the neediest client's number of proxies is known."""
    return estimate.client.load.share.known


def _servers_decide_unknown(estimate: PoolEstimate) -> bool:
    """Whether the servers' need decides although nobody knows how many there are."""
    server = estimate.server
    if server is None or server.load.share.known != "one":
        return False
    return server.high > estimate.client.high


def _bursts(estimate: PoolEstimate) -> bool:
    how = estimate.neediest.how
    return how.batch > _BATCHES or how.cv2**0.5 > _SWAY


def _over(test: PoolBacktest | None, accepted: float) -> bool:
    return test is not None and test.fraction_shed_interval[0] > accepted
