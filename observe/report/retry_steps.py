"""How the number of retries came about, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.retry_model import RetryRecommendation
from observe.report.format import count_text, interval_text, plural, share_text, significant

_PLANNED: Mapping[Reason, str] = {
    Reason.TOO_MANY_TRIES_ON_PATH: "Retries that cure less along the same path of calls are cut.",
    Reason.RETRIES_AT_ANOTHER_LAYER: "A service further down retries the same failures: none here.",
    Reason.RETRIES_IN_A_CYCLE: "The service calls itself by way of others: none here.",
    Reason.TRIES_BEYOND_TIMEOUT: "All tries have to fit into the timeout of the route.",
}


def retries_text(attempts: object) -> str:
    """`no retries`, `1 retry`, `2 retries`."""
    count = int(attempts) if isinstance(attempts, int | float) else 0
    return plural(count, "retry", "retries")


def retries_and_budget(proposed: Mapping[str, Any]) -> str:
    """`no retries`, `1 retry, budget 20 %`."""
    budget = proposed.get("retryBudget")
    percent = budget.get("percent") if isinstance(budget, Mapping) else None
    words = retries_text(proposed.get("attempts"))
    return words if percent is None else f"{words}, budget {significant(float(percent))} %"


def retry_steps(recommendation: RetryRecommendation, policy: Policy) -> tuple[str, ...]:
    """The formula with its numbers, from the evidence and the policy alone."""
    evidence, knobs, reasons = recommendation.evidence, policy.retry, recommendation.reasons
    f, q = evidence.curable_fraction, evidence.repeat_fraction
    steps = [
        f"Outside of outages a first try fails curably with f = {share_text(f)}; after a failure "
        f"the next one fails with q = {share_text(q)}.",
    ]
    if Reason.RETRIES_FEED_OVERLOAD in reasons:
        steps.append(
            f"Requests are refused ({share_text(evidence.overload_fraction)}) or fail when the "
            "load is high: no retries, whatever else fails."
        )
    elif Reason.RETRIES_MULTIPLY_OUTAGES in reasons:
        steps.append(
            f"{share_text(knobs.least_gain)} of the requests, and "
            f"{count_text(knobs.least_failures)} of them, are the least worth curing: what is "
            "left outside of outages is less, so none."
        )
    elif Reason.RETRIES_ABOVE_LOAD in reasons:
        steps.append(
            f"In the worst hour {share_text(evidence.worst_hour_fraction)} fail: even one retry "
            f"would add more than the {share_text(knobs.most_added_load)} that is accepted."
        )
    elif Reason.DEFAULT_TRIES_ON_PATH in reasons:
        steps.append(
            "Hardly anything would be cured, so that Istio's default stays; along a path of calls "
            f"such tries multiply to more than {knobs.most_tries_per_path}, unless a budget holds "
            "them."
        )
        steps += _budget(recommendation)
    else:
        steps += _gains(recommendation, policy)
    steps += [words for code, words in _PLANNED.items() if code in reasons]
    return (*steps, f"Proposed: {retries_and_budget(recommendation.proposed)}.")


def _gains(recommendation: RetryRecommendation, policy: Policy) -> list[str]:
    """What each attempt cures, f q^(n-1) (1 - q), up to the most that the policy allows."""
    evidence, knobs = recommendation.evidence, policy.retry
    f, q = evidence.curable_fraction, evidence.repeat_fraction
    cured = [
        f"{share_text(f * q ** (n - 1) * (1 - q))} by the {ordinal}"
        for n, ordinal in zip(
            range(1, knobs.most_attempts + 1), ("first", "second", "third", "fourth"), strict=False
        )
    ]
    load = interval_text(
        recommendation.predicted.added_load_worst_hour,
        recommendation.predicted_interval.get("addedLoadWorstHour"),
        share_text,
    )
    steps = [
        f"Requests that each retry cures, f q^(n-1) (1 - q): {', '.join(cured)}; worth it from "
        f"{share_text(knobs.least_gain)} on, {retries_text(knobs.most_attempts)} at the most.",
        f"Load that they add in the worst hour: {load}; up to "
        f"{share_text(knobs.most_added_load)} is accepted, also by the upper end.",
    ]
    return steps + _budget(recommendation)


def _budget(recommendation: RetryRecommendation) -> list[str]:
    budget = recommendation.proposed.get("retryBudget")
    if not isinstance(budget, Mapping):
        return []
    return [
        f"The budget bounds retries to {significant(float(budget['percent']))} % of what is "
        f"under way at each proxy, {plural(budget['minRetryConcurrency'], 'retry', 'retries')} "
        "always allowed; the percent is written out, since some releases read none as 0.2 %."
    ]
