"""Retries: one policy per host and cluster of clients, or the reason why there is none.

Every target that telemetry knows ends either as a recommendation or as withheld. The method and
its sources stand in docs/method-retries.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from observe.recommend.current import CurrentSettings
from observe.recommend.model import Withheld
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.retry_case import (
    RetryCase,
    RetryRun,
    retry_case,
    retry_run,
    safe_only,
)
from observe.recommend.retry_choice import Choice, choose, default_with_budget
from observe.recommend.retry_confidence import RetryGrounds, retry_confidence
from observe.recommend.retry_evidence import (
    backtest_retries,
    predict_retries,
    retry_evidence,
    retry_message,
)
from observe.recommend.retry_judgement import RetryJudgement, current_retries, judge_retries
from observe.recommend.retry_model import RetryRecommendation
from observe.recommend.targets import request_targets
from observe.recommend.timeout_estimate import Refusal
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]

#: What is tried again when nobody said that requests may be carried out twice: failures before
#: the server has seen the request, and gRPC's word for the same.
SAFE = ("connect-failure", "refused-stream", "unavailable")
#: The same where they may.
WIDER = (*SAFE, "reset", "gateway-error")


def recommend_retries(
    snapshot: Snapshot,
    policy: Policy,
    current: CurrentSettings | None,
    timeouts_ms: Mapping[str, float],
) -> tuple[list[RetryRecommendation], list[Withheld], dict[str, RetryRecommendation]]:
    """Retries, or the reason why none are advised, for every target; sorted by target.

    Args:
        snapshot: the telemetry.
        policy: the knobs.
        current: the settings that are there; nothing is known of them when None.
        timeouts_ms: target path → timeout (ms) that will hold. No `perTryTimeout` is proposed: a
            timeout leaves no room for two slow tries, and what is retried fails at once.

    Returns:
        The recommendations; what is withheld; and for those of the latter that have Istio's
        default and nothing to cure, by target path, the same default with a budget: the plan
        takes it where the default would multiply along a path of calls.
    """
    run = retry_run(snapshot, policy, known=current is not None)
    found: list[RetryRecommendation] = []
    withheld: list[Withheld] = []
    defaults: dict[str, RetryRecommendation] = {}
    for target in request_targets(snapshot):
        routes = current.retries_for(target.service or "", target.cluster) if current else ()
        rule = current.traffic_policy_for(target.service or "", target.cluster) if current else None
        case = retry_case(target, routes, bool(rule and rule.retry_budget), run)
        result, default = (case, None) if isinstance(case, Refusal) else _advice(case, run)
        if default is not None:
            defaults[target.path] = default
        if isinstance(result, RetryRecommendation):
            found.append(result)
            continue
        withheld.append(
            Withheld(
                kind="retry",
                target=target,
                reason=result.reason.value,
                message=result.message,
                current=current_retries(routes, run.known),
            )
        )
    return found, withheld, defaults


def _advice(
    case: RetryCase, run: RetryRun
) -> tuple[RetryRecommendation | Refusal, RetryRecommendation | None]:
    """What is advised, or why nothing is and Istio's default, held by a budget."""
    knobs = run.policy.retry
    choice = choose(case.series, case.pattern, case.active, run.coarse, knobs)
    if isinstance(choice, Choice) and not choice.attempts and case.wider:
        # what may be carried out twice is not for that reason cured: fewer conditions may be
        fewer = safe_only(case, run)
        safe = choose(fewer.series, fewer.pattern, fewer.active, run.coarse, knobs)
        if isinstance(safe, Choice) and safe.attempts:
            case, choice = fewer, safe
    if isinstance(choice, Choice):
        return _recommendation(case, choice, run), None
    if choice.reason != Reason.NOTHING_TO_CURE or case.is_set:
        return choice, None
    default = default_with_budget(case.pattern, case.active, run.coarse, knobs)
    return choice, _recommendation(case, default, run)


def _recommendation(case: RetryCase, choice: Choice, run: RetryRun) -> RetryRecommendation:
    series, pattern, knobs = case.series, case.pattern, run.policy.retry
    coverage = run.coverage.get(case.target.path, 0.0)
    predicted, interval = predict_retries(series, pattern, choice, knobs.interval_confidence)
    test = backtest_retries(series, case.active, run.coarse, run.window, knobs, case.hosts != 1)
    judged = _judged(case, choice, run)
    first = int(np.argmax(series.requests > 0)) * run.window.step_seconds / 86_400
    grounds = RetryGrounds(
        run.window.days - first, coverage, run.partial, case.hosts, bool(case.active.any())
    )
    confidence, doubts = retry_confidence(choice, pattern, test, run.policy, grounds)
    given = choice.attempts > 0 and choice.reason is None
    wider = given and case.wider
    reasons = [choice.reason or Reason.RETRY_CURES, judged.reason]
    reasons += [Reason.RETRY_ON_WIDER] if wider else []
    reasons += [Reason.RETRY_ON_SAFE_ONLY] if given and case.repeatable and not wider else []
    reasons += [Reason.BUDGET_HOLDS_CAP] if choice.bound else []
    return RetryRecommendation(
        id=f"retry/{case.target.path}",
        target=case.target,
        current=current_retries(case.routes, run.known),
        proposed=_proposed(choice, WIDER if wider else SAFE),
        confidence=confidence,
        severity=judged.severity,
        reasons=tuple(dict.fromkeys(r.value for r in (*reasons, *doubts))),
        message=retry_message(series, pattern, choice, judged.words),
        evidence=retry_evidence(
            series,
            pattern,
            run.coarse,
            knobs.interval_confidence,
            hosts=case.hosts,
            coverage=coverage,
        ),
        predicted=predicted,
        predicted_interval=interval,
        backtest=test,
    )


def _judged(case: RetryCase, choice: Choice, run: RetryRun) -> RetryJudgement:
    outage = case.pattern.multiplied / max(float(case.series.requests.sum()), 1e-9)
    return judge_retries(
        choice,
        case.routes,
        run.known,
        choice.effect.cured,
        outage,
        repeatable=case.repeatable,
        bounded=case.bounded,
    )


def _proposed(choice: Choice, retry_on: Sequence[str]) -> dict[str, Any]:
    if choice.attempts == 0 or choice.budget is None:
        return {"attempts": 0}
    budget = {"percent": choice.budget.percent, "minRetryConcurrency": choice.budget.least}
    if choice.reason is not None:  # Istio's default, of which nothing else changes
        return {"attempts": choice.attempts, "retryBudget": budget}
    return {
        "attempts": choice.attempts,
        "perTryTimeout": None,
        "retryOn": ",".join(retry_on),
        "backoff": "25ms",
        "retryBudget": budget,
    }
