"""A retry recommendation in lines. `attempts` counts retries: the first try is not among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.retry_model import Cure, FailureClass, RetryRecommendation
from observe.recommend.retry_timing import DEFAULT_ATTEMPTS
from observe.report.escape import shorten
from observe.report.format import count_text, interval_text, plural, share_text, significant
from observe.report.lines import Lines, learned_text, verdict_text
from observe.report.quality import Fact
from observe.report.retry_steps import retries_and_budget, retries_text, retry_steps

CURES: Mapping[Cure, str] = {
    "curable": "another try cures it",
    "after_work": "the work may be done already",
    "overload": "refused for overload",
    "permanent": "fails every time",
    "timeout": "the time is used up",
}
_CLASSES_SHOWN = 4


def retry_lines(recommendation: RetryRecommendation, policy: Policy) -> Lines:
    """Everything that is told of retries."""
    test, most = recommendation.backtest, policy.retry.most_added_load
    return Lines(
        now=retry_now(recommendation.current),
        proposed=retries_and_budget(recommendation.proposed),
        action=_action(recommendation),
        effect=_effect(recommendation),
        evidence=_evidence(recommendation, policy),
        predicted=_predicted(recommendation),
        steps=retry_steps(recommendation, policy),
        backtest=_backtest(recommendation, most),
        held=None if test is None else test.added_load_worst_hour_interval[0] <= most,
    )


def retry_now(current: Mapping[str, Any] | None) -> str:
    """`2 retries`, `2 retries (default)`, or `not known` when the settings were not given."""
    if current is None:
        return "not known"
    attempts = current.get("attempts")
    if attempts is None:
        return f"{retries_text(DEFAULT_ATTEMPTS)} (default)"
    return retries_text(attempts)


def _action(recommendation: RetryRecommendation) -> str:
    attempts = int(recommendation.proposed.get("attempts") or 0)
    current, reasons = recommendation.current, recommendation.reasons
    if recommendation.severity == "ok":
        return f"keep {retries_text(attempts)}"
    if attempts == 0:
        default = current is not None and current.get("attempts") is None
        return "switch off Istio's default retries" if default else "switch retries off"
    if Reason.DEFAULT_TRIES_ON_PATH in reasons:
        return "bound Istio's default retries by a budget"
    if Reason.RETRY_ON_UNSAFE in reasons:
        return "retry only what the server has not begun, within a budget"
    if Reason.RETRY_NO_BUDGET in reasons:
        return f"bound the {retries_text(attempts)} by a budget"
    if current is None:
        return f"set {retries_text(attempts)} within a budget"
    today = current.get("attempts")
    instead = retries_text(today) if today is not None else f"Istio's default of {DEFAULT_ATTEMPTS}"
    return f"set {retries_text(attempts)} within a budget instead of {instead}"


#: Why there is no retry, most telling first; the plan's reasons overrule the target's own.
_NONE_BECAUSE: Mapping[Reason, str] = {
    Reason.RETRIES_AT_ANOTHER_LAYER: "its failures are retried further down",
    Reason.RETRIES_IN_A_CYCLE: "calls that go round cannot set off retries without end",
    Reason.TOO_MANY_TRIES_ON_PATH: "tries do not multiply along the path of calls",
    Reason.TRIES_BEYOND_TIMEOUT: "no try starts that the timeout would cut",
    Reason.RETRIES_FEED_OVERLOAD: "retries do not add to an overload",
    Reason.RETRIES_MULTIPLY_OUTAGES: "retries do not multiply the load of an outage",
    Reason.RETRIES_ABOVE_LOAD: "retries do not add load to the worst hour",
}


def _effect(recommendation: RetryRecommendation) -> str:
    predicted = recommendation.predicted
    if recommendation.severity == "ok":
        return "no change needed"
    if not recommendation.proposed.get("attempts"):
        found = (w for code, w in _NONE_BECAUSE.items() if code in recommendation.reasons)
        return next(found, "nothing is tried twice")
    if Reason.DEFAULT_TRIES_ON_PATH in recommendation.reasons:
        return _NONE_BECAUSE[Reason.TOO_MANY_TRIES_ON_PATH]
    return (
        f"{share_text(1 - predicted.success_after)} of requests fail "
        f"({share_text(1 - predicted.success_before)} without retries), the load of the worst "
        f"hour grows by {share_text(predicted.added_load_worst_hour)}"
    )


def _evidence(recommendation: RetryRecommendation, policy: Policy) -> tuple[Fact, ...]:
    evidence = recommendation.evidence
    sure = share_text(policy.retry.interval_confidence)
    share = share_text(evidence.failures / max(evidence.requests, 1e-9))
    curable = interval_text(
        evidence.curable_fraction, (evidence.curable_low, evidence.curable_high), share_text
    )
    repeat = interval_text(
        evidence.repeat_fraction, (evidence.repeat_low, evidence.repeat_high), share_text
    )
    failing = evidence.curable_fraction > 0 or evidence.clustered_fraction > 0
    hosts = "not known" if evidence.hosts is None else plural(evidence.hosts, "host")
    facts = [
        Fact("Requests judged", count_text(evidence.requests)),
        Fact("Failures of all kinds", f"{count_text(evidence.failures)} ({share} of requests)"),
        Fact("Most frequent", "; ".join(map(_class_text, evidence.classes[:_CLASSES_SHOWN]))),
        Fact("First tries that another cures", f"{curable}, {sure} interval"),
        Fact("The same in the worst hour", share_text(evidence.worst_hour_fraction)),
        Fact("The next try fails, too", repeat if failing else ""),
        Fact("Of failures, in outages", share_text(evidence.clustered_fraction)),
        Fact("Refused for overload", share_text(evidence.overload_fraction)),
        Fact("Swing from hour to hour", _swing(evidence.dispersion)),
        Fact("Hosts to choose from", hosts),
        Fact("Scrapes present", share_text(evidence.coverage)),
    ]
    if evidence.envoy is not None:
        facts.append(Fact("Retries that Envoy counted", count_text(evidence.envoy.retries)))
    if evidence.amplification is not None:
        tries = significant(evidence.amplification, 4)
        facts.append(Fact("Tries that arrived per request", tries))
    return tuple(fact for fact in facts if fact.value)


def _class_text(failure: FailureClass) -> str:
    """`503 UF 1.3 M (another try cures it)`."""
    flags = "" if failure.flags in ("", "-") else f" {failure.flags}"
    status = f" gRPC {failure.grpc_status}" if failure.grpc_status else ""
    name = shorten(f"{failure.code}{flags}{status}")
    return f"{name}: {count_text(failure.requests)}, {CURES[failure.cure]}"


def _swing(dispersion: float) -> str:
    if dispersion <= 1.5:
        return "none beyond chance"
    return f"{significant(dispersion, 2)} times the variance of chance"


def _predicted(recommendation: RetryRecommendation) -> tuple[Fact, ...]:
    predicted, intervals = recommendation.predicted, recommendation.predicted_interval
    after = intervals.get("successAfter")
    failing = None if after is None else (max(0.0, 1 - after[1]), 1 - after[0])
    facts = [Fact("Failing without retries", share_text(1 - predicted.success_before))]
    if not recommendation.proposed.get("attempts"):
        return tuple(facts)
    return (
        *facts,
        Fact("Failing with them", interval_text(1 - predicted.success_after, failing, share_text)),
        Fact(
            "More load over the window",
            interval_text(predicted.added_load, intervals.get("addedLoad"), share_text),
        ),
        Fact(
            "More load in the worst hour",
            interval_text(
                predicted.added_load_worst_hour, intervals.get("addedLoadWorstHour"), share_text
            ),
        ),
    )


def _backtest(recommendation: RetryRecommendation, most: float) -> str:
    test = recommendation.backtest
    if test is None:
        return "No backtest: the first part of the window alone says nothing about retries."
    trained, tested = learned_text(test)
    start = f"Learned on the first {trained}, {retries_text(test.attempts)} would have been advised"
    failed = share_text(1 - test.success_before)
    if test.attempts == 0:
        return f"{start}; over the {tested} that followed {failed} of requests failed."
    low, high = test.added_load_worst_hour_interval
    verdict = verdict_text(low, high, most, f"the {share_text(most)} that is accepted")
    load = interval_text(test.added_load_worst_hour, (low, high), share_text)
    return (
        f"{start}; over the {tested} that followed {share_text(1 - test.success_after)} of "
        f"requests would have failed instead of {failed}, for {load} more load in the worst hour, "
        f"{verdict}."
    )
