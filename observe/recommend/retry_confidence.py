"""How sure a retry policy is, and what speaks against being surer."""

from __future__ import annotations

from dataclasses import dataclass

from observe.recommend.base_model import CONFIDENCES, Confidence
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.retry_choice import Choice
from observe.recommend.retry_model import RetryBacktest
from observe.recommend.retry_pattern import Pattern

_SHORT_DAYS = (2.0, 6.0)
_POOR_COVERAGE = 0.5
#: Curable failures below which the confidence is low, and medium.
_FEW = (50.0, 200.0)
#: Width of the interval of the worst hour's load, high over low.
_WIDE = (4.0, 2.0)
#: Design effect between hours from which failures swing.
_SWING = 20.0
_LOW, _MEDIUM, _HIGH = 0, 1, 2


@dataclass(frozen=True)
class RetryGrounds:
    """What a retry policy stands on, besides its own numbers.

    Attributes:
        days: part of the window since the target was first called.
        coverage: scrapes present / expected.
        partial: whether a piece of the telemetry is missing.
        hosts: hosts that a retry can choose from; None where it is not known.
        proxies_known: whether it is known how many proxies the clients have.
    """

    days: float
    coverage: float
    partial: bool
    hosts: int | None
    proxies_known: bool


def retry_confidence(
    choice: Choice,
    pattern: Pattern,
    test: RetryBacktest | None,
    policy: Policy,
    grounds: RetryGrounds,
) -> tuple[Confidence, tuple[Reason, ...]]:
    """The grade, and the reason codes of what lowered it; each doubt caps it, the lowest wins."""
    # Istio's default that stays claims to cure nothing
    given = choice.attempts > 0 and choice.reason is None
    failures = pattern.curable if given else pattern.curable + pattern.multiplied
    low, high = choice.effect.worst_interval
    cap = policy.retry.most_added_load
    over = test is not None and given and test.added_load_worst_hour_interval[0] > cap
    guessed = pattern.hosts.any() and grounds.hosts is None
    caps = {
        Reason.FEW_FAILURES: _below(failures, *_FEW) if given else _HIGH,
        Reason.SHORT_WINDOW: _below(grounds.days, *_SHORT_DAYS),
        Reason.LOW_COVERAGE: _below(grounds.coverage, _POOR_COVERAGE, policy.low_coverage),
        Reason.WIDE_INTERVAL: _below(-high / low, *(-w for w in _WIDE)) if low > 0 else _HIGH,
        Reason.FAILURES_SWING: _MEDIUM if pattern.effect > _SWING else _HIGH,
        Reason.HOSTS_UNKNOWN: _MEDIUM if guessed else _HIGH,
        Reason.RETRIES_IN_FORCE: _MEDIUM if pattern.seen == "envoy" else _HIGH,
        Reason.RETRY_BACKTEST_OVER: _LOW if over else _HIGH,
        Reason.PARTIAL_ANSWER: _MEDIUM if grounds.partial else _HIGH,
    }
    doubts = tuple(reason for reason, cap in caps.items() if cap < _HIGH)
    return CONFIDENCES[min(caps.values())], doubts


def _below(value: float, low: float, medium: float) -> int:
    if value < low:
        return _LOW
    return _MEDIUM if value < medium else _HIGH
