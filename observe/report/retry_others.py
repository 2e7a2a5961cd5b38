"""Numbers of retries that were not chosen, and the same number without its budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from observe.recommend.base_model import Interval
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.retry_case import RetryCase, RetryRun, retry_case, retry_run, safe_only
from observe.recommend.retry_choice import Choice
from observe.recommend.retry_evidence import predict_retries
from observe.recommend.retry_load import Budget, effect_of
from observe.recommend.retry_model import RetryPredicted, RetryRecommendation
from observe.recommend.retry_timing import DEFAULT_ATTEMPTS
from observe.recommend.timeout_estimate import Refusal
from observe.report.format import interval_text, share_text
from observe.report.others import Other
from observe.report.retry_steps import retries_text
from observe.telemetry.snapshot import Snapshot


def retry_others(
    recommendation: RetryRecommendation, snapshot: Snapshot, policy: Policy
) -> list[Other]:
    """None, one fewer, one more, and without the budget: what each cures and adds.

    What is set is among them, or Istio's default of two where nothing is.
    """
    run = retry_run(snapshot, policy, known=True)
    case = retry_case(recommendation.target, (), False, run)
    if isinstance(case, Refusal):
        return []
    if Reason.RETRY_ON_SAFE_ONLY.value in recommendation.reasons:
        case = safe_only(case, run)
    attempts = int(recommendation.proposed.get("attempts") or 0)
    budget = _budget(recommendation.proposed.get("retryBudget"))
    chosen = _chosen(attempts, recommendation)
    rows = []
    for number in _numbers(attempts, recommendation.current):
        if number == attempts:
            rows.append(Other(f"{retries_text(number)} (proposed)", chosen.text, ""))
            continue
        tried = _tried(number, budget, case, run)
        name = f"{retries_text(number)}{_mark(number, recommendation.current)}"
        rows.append(Other(name, tried.text, _verdict(tried, chosen, recommendation, policy)))
    if attempts and budget is not None:
        free = _tried(attempts, None, case, run)
        rows.append(Other(f"{retries_text(attempts)}, no budget", free.text, _times(attempts)))
    return rows


def _mark(number: int, current: Mapping[str, Any] | None) -> str:
    """` (today)` behind what is set, ` (Istio's)` behind what holds where nothing is."""
    if current is None or current.get("attempts") is not None:
        return " (today)" if current and number == current.get("attempts") else ""
    return " (Istio's)" if number == DEFAULT_ATTEMPTS else ""


def _numbers(attempts: int, current: Mapping[str, Any] | None) -> list[int]:
    """The numbers that are compared: the neighbours, none, and what is set or Istio's default."""
    now = (current or {}).get("attempts")
    today = now if isinstance(now, int) else DEFAULT_ATTEMPTS
    return sorted({0, max(0, attempts - 1), attempts, attempts + 1, today})


@dataclass(frozen=True)
class _Tried:
    """So many retries, and what they would have done."""

    attempts: int
    predicted: RetryPredicted
    worst: Interval

    @property
    def text(self) -> str:
        fail = f"{share_text(1 - self.predicted.success_after)} of requests fail"
        if not self.attempts:
            return fail
        load = interval_text(self.predicted.added_load_worst_hour, self.worst, share_text)
        return f"{fail}; {load} more load in the worst hour"


def _tried(attempts: int, budget: Budget | None, case: RetryCase, run: RetryRun) -> _Tried:
    confidence = run.policy.retry.interval_confidence
    effect = effect_of(case.pattern, attempts, budget, case.active, run.coarse, confidence)
    choice = Choice(attempts, budget, effect)
    predicted, _ = predict_retries(case.series, case.pattern, choice, confidence)
    return _Tried(attempts, predicted, effect.worst_interval)


def _chosen(attempts: int, recommendation: RetryRecommendation) -> _Tried:
    """The proposal, as the advice tells it: the plan may have had a say."""
    predicted = recommendation.predicted
    load = predicted.added_load_worst_hour
    worst = recommendation.predicted_interval.get("addedLoadWorstHour", (load, load))
    return _Tried(attempts, predicted, worst)


#: Why there are no more, whatever they would cure; the plan's reasons overrule the target's own.
_NOT_MORE: Mapping[Reason, str] = {
    Reason.RETRIES_AT_ANOTHER_LAYER: "the services that it calls retry the same failures",
    Reason.RETRIES_IN_A_CYCLE: "calls go round: each would set off the next",
    Reason.TOO_MANY_TRIES_ON_PATH: "tries would multiply too often along the path of calls",
    Reason.TRIES_BEYOND_TIMEOUT: "not all tries fit into the timeout",
    Reason.RETRIES_FEED_OVERLOAD: "tries come on top of what is too much already",
    Reason.RETRIES_MULTIPLY_OUTAGES: "in an outage every try fails, and only adds load",
}


def _verdict(
    tried: _Tried, chosen: _Tried, recommendation: RetryRecommendation, policy: Policy
) -> str:
    """Why this number is not proposed."""
    knobs, codes = policy.retry, recommendation.reasons
    gain = tried.predicted.success_after - chosen.predicted.success_after
    if tried.attempts < chosen.attempts:
        if Reason.DEFAULT_TRIES_ON_PATH in codes:
            return "a budget bounds Istio's default along the path of calls, which is enough"
        return f"leaves {share_text(max(0.0, -gain))} of requests failing that could be cured"
    for code, words in _NOT_MORE.items():
        if code in codes:
            return words
    if tried.worst[1] > knobs.most_added_load:
        return f"may add more than the {share_text(knobs.most_added_load)} that is accepted"
    if tried.attempts > knobs.most_attempts:
        return f"the policy allows {knobs.most_attempts} (mostAttempts)"
    return (
        f"cures another {share_text(max(0.0, gain))}; worth it from "
        f"{share_text(knobs.least_gain)} on"
    )


def _times(attempts: int) -> str:
    times = "twice" if attempts == 1 else f"{attempts + 1} times"
    return f"when every try fails, {times} the load"


def _budget(written: Mapping[str, Any] | None) -> Budget | None:
    if not written:
        return None
    return Budget(float(written["percent"]), int(written["minRetryConcurrency"]))
