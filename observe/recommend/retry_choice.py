"""How many attempts, bounded by what, for one target: or none, and why.

The method stands in docs/method-retries.md, "Attempts".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.recommend.policy import RetryPolicy
from observe.recommend.reasons import Reason
from observe.recommend.retry_load import Budget, Effect, budget_for, effect_of
from observe.recommend.retry_pattern import Pattern
from observe.recommend.retry_timing import DEFAULT_ATTEMPTS
from observe.recommend.timeout_estimate import Refusal
from observe.signals.failure_series import FailureSeries

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NONE = Effect(0.0, 0.0, 0.0, (0.0, 0.0))


@dataclass(frozen=True)
class Choice:
    """What is proposed.

    Attributes:
        attempts: retries of one request; 0 for none.
        budget: what bounds them; None with no attempts.
        effect: of both.
        reason: why there are none, or why Istio's default stays; None where attempts cure.
        bound: whether the budget is what keeps the load below the cap.
    """

    attempts: int
    budget: Budget | None
    effect: Effect
    reason: Reason | None = None
    bound: bool = False


def choose(
    series: FailureSeries,
    pattern: Pattern,
    active: Floats,
    coarse_of_fine: Ints,
    policy: RetryPolicy,
) -> Choice | Refusal:
    """The attempts of a target alone, before the plan; a refusal where nothing can be said.

    Args:
        series: its failures.
        pattern: how its first tries fail.
        active: requests under way for each client proxy (T); zeros where it is not known.
        coarse_of_fine: the coarse step that holds each fine step (T).
        policy: the knobs.
    """
    total = float(series.requests.sum())
    if _overloaded(series, pattern, policy):
        return Choice(0, None, _NONE, Reason.RETRIES_FEED_OVERLOAD)
    if pattern.seen == "hidden":
        return Refusal(
            Reason.RETRIES_HIDE_FAILURES,
            "retries are in force, and neither the servers nor Envoy's counters tell what they "
            "cure: expose upstream_rq_retry (`observe bootstrap istio`) to judge them",
        )
    least = max(policy.least_failures, policy.least_gain * total)
    if pattern.curable < least:
        if pattern.multiplied >= policy.least_failures:
            return Choice(0, None, _NONE, Reason.RETRIES_MULTIPLY_OUTAGES)
        return Refusal(
            Reason.NOTHING_TO_CURE,
            f"{pattern.curable:,.0f} of {total:,.0f} requests failed in a way that another try "
            f"cures; {least:,.0f} are needed",
        )
    return _attempts(pattern, active, coarse_of_fine, policy)


def default_with_budget(
    pattern: Pattern, active: Floats, coarse_of_fine: Ints, policy: RetryPolicy
) -> Choice:
    """Istio's own attempts, held by a budget; for targets that have nothing to cure."""
    budget = Budget(policy.budget_percent, policy.min_retry_concurrency)
    effect = effect_of(
        pattern, DEFAULT_ATTEMPTS, budget, active, coarse_of_fine, policy.interval_confidence
    )
    return Choice(DEFAULT_ATTEMPTS, budget, effect, Reason.DEFAULT_TRIES_ON_PATH)


def _overloaded(series: FailureSeries, pattern: Pattern, policy: RetryPolicy) -> bool:
    """Whether requests are refused because there are too many."""
    refused = float(series.of("overload").sum())
    least = max(policy.least_failures, policy.least_gain * float(series.requests.sum()))
    return refused >= least or (pattern.by_load and pattern.curable >= policy.least_failures)


def _attempts(
    pattern: Pattern, active: Floats, coarse_of_fine: Ints, policy: RetryPolicy
) -> Choice:
    """As many as still cure something, fewer where they would add too much."""

    def with_attempts(attempts: int) -> Choice:
        budget = budget_for(
            pattern,
            attempts,
            active,
            policy.budget_percent,
            policy.min_retry_concurrency,
            policy.most_added_load,
        )
        confidence = policy.interval_confidence
        effect = effect_of(pattern, attempts, budget, active, coarse_of_fine, confidence)
        free = effect_of(pattern, attempts, None, active, coarse_of_fine, confidence)
        bound = effect.worst < free.worst * (1 - 1e-6)
        return Choice(attempts, budget, effect, bound=bound)

    wanted = 1
    while wanted < policy.most_attempts and _gains(pattern, wanted + 1) >= policy.least_gain:
        wanted += 1
    for attempts in range(min(wanted, policy.most_attempts), 0, -1):
        choice = with_attempts(attempts)
        if choice.effect.worst_interval[1] <= policy.most_added_load:
            return choice
    return Choice(0, None, _NONE, Reason.RETRIES_ABOVE_LOAD)


def _gains(pattern: Pattern, attempt: int) -> float:
    """Share of the requests that this attempt cures beyond those before it."""
    n, q = pattern.requests * (1 - pattern.stuck), pattern.again
    cured = n * pattern.first * q ** (attempt - 1) * (1 - q)
    return float(cured.sum() / max(pattern.requests.sum(), 1e-9))
