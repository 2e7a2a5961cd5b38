"""Retries: one policy per host and cluster of clients, or the reason why there is none.

Every target that telemetry knows ends either as a recommendation or as withheld. The method and
its sources stand in docs/method-retries.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from observe.recommend.current import CurrentRetries, CurrentSettings
from observe.recommend.model import Withheld
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.retry_choice import Choice, choose
from observe.recommend.retry_confidence import RetryGrounds, retry_confidence
from observe.recommend.retry_evidence import (
    backtest_retries,
    predict_retries,
    retry_evidence,
    retry_message,
)
from observe.recommend.retry_judgement import current_retries, judge_retries
from observe.recommend.retry_load import under_way
from observe.recommend.retry_model import RetryRecommendation
from observe.recommend.retry_pattern import Pattern, pattern_of
from observe.recommend.targets import coverage_by_target, request_targets
from observe.recommend.timeout_estimate import Refusal
from observe.recommend.timeout_gates import Gates, gate
from observe.signals.failure_series import FailureReader, FailureSeries
from observe.signals.latency import TargetLatency, latency_by_target
from observe.signals.targets import target_of
from observe.target import Target
from observe.telemetry.manifest import Window
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]

#: What is tried again when nobody said that requests may be carried out twice: failures before
#: the server has seen the request, and gRPC's word for the same.
SAFE = ("connect-failure", "refused-stream", "unavailable")
#: The same where they may.
WIDER = (*SAFE, "reset", "gateway-error")
#: Gates of timeouts that speak against retries, too.
_GATES = (Reason.NOT_A_SERVICE, Reason.SOURCE_WITHOUT_METRICS, Reason.STREAM)


@dataclass(frozen=True)
class _Run:
    """What is the same for all targets."""

    policy: Policy
    window: Window
    reader: FailureReader
    gates: Gates
    latencies: Mapping[str, TargetLatency]
    coverage: Mapping[str, float]
    proxies: Mapping[int, float]
    hosts: Mapping[str, int]
    partial: bool
    known: bool


def recommend_retries(
    snapshot: Snapshot,
    policy: Policy,
    current: CurrentSettings | None,
    timeouts_ms: Mapping[str, float],
) -> tuple[list[RetryRecommendation], list[Withheld]]:
    """Retries, or the reason why none are advised, for every target; sorted by target.

    Args:
        snapshot: the telemetry.
        policy: the knobs.
        current: the settings that are there; nothing is known of them when None.
        timeouts_ms: target path → timeout (ms) that will hold. No `perTryTimeout` is proposed: a
            timeout leaves no room for two slow tries, and what is retried fails at once.
    """
    run = _run(snapshot, policy, known=current is not None)
    found: list[RetryRecommendation] = []
    withheld: list[Withheld] = []
    for target in request_targets(snapshot):
        routes = current.retries_for(target.service or "", target.cluster) if current else ()
        rule = current.traffic_policy_for(target.service or "", target.cluster) if current else None
        result = _recommend(target, routes, bool(rule and rule.retry_budget), run)
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
    return found, withheld


def _recommend(
    target: Target, routes: Sequence[CurrentRetries], bounded: bool, run: _Run
) -> RetryRecommendation | Refusal:
    refused = gate(target, run.latencies.get(target.path), run.gates)
    if refused is not None and refused.reason in _GATES:
        return refused
    knobs = run.policy.retry
    repeatable = any(fnmatchcase(target.service or "", host) for host in knobs.idempotent)
    series = run.reader.of(target.path, repeatable=repeatable)
    if series is None or not series.requests.any():
        return Refusal(Reason.TOO_FEW_REQUESTS, "no requests came in this window")
    several = run.hosts.get(target.path) != 1
    coarse = run.reader.steps.coarse_of_fine
    pattern = pattern_of(series, coarse, knobs.interval_confidence, several)
    proxies = sum(run.proxies.get(edge, np.inf) for edge in series.edges)
    active = under_way(pattern, series.mean_ms, run.window.step_seconds, proxies)
    choice = choose(series, pattern, active, coarse, knobs)
    if isinstance(choice, Refusal):
        return choice
    return _recommendation(target, series, pattern, choice, active, (routes, bounded), run)


def _recommendation(
    target: Target,
    series: FailureSeries,
    pattern: Pattern,
    choice: Choice,
    active: Floats,
    now: tuple[Sequence[CurrentRetries], bool],
    run: _Run,
) -> RetryRecommendation:
    routes, bounded = now
    knobs, coarse = run.policy.retry, run.reader.steps.coarse_of_fine
    hosts, coverage = run.hosts.get(target.path), run.coverage.get(target.path, 0.0)
    predicted, interval = predict_retries(series, pattern, choice)
    test = backtest_retries(series, active, coarse, run.window, knobs, hosts != 1)
    outage = pattern.multiplied / max(float(series.requests.sum()), 1e-9)
    repeatable = any(fnmatchcase(target.service or "", host) for host in knobs.idempotent)
    judged = judge_retries(
        choice,
        routes,
        run.known,
        choice.effect.cured,
        outage,
        repeatable=repeatable,
        bounded=bounded,
    )
    first = int(np.argmax(series.requests > 0)) * run.window.step_seconds / 86_400
    grounds = RetryGrounds(
        run.window.days - first, coverage, run.partial, hosts, bool(active.any())
    )
    confidence, doubts = retry_confidence(choice, pattern, test, run.policy, grounds)
    wider = choice.attempts > 0 and repeatable
    reasons = [choice.reason or Reason.RETRY_CURES, judged.reason]
    reasons += [Reason.RETRY_ON_WIDER] if wider else []
    reasons += [Reason.BUDGET_HOLDS_CAP] if choice.bound else []
    return RetryRecommendation(
        id=f"retry/{target.path}",
        target=target,
        current=current_retries(routes, run.known),
        proposed=_proposed(choice, WIDER if wider else SAFE),
        confidence=confidence,
        severity=judged.severity,
        reasons=tuple(dict.fromkeys(r.value for r in (*reasons, *doubts))),
        message=retry_message(series, pattern, choice, judged.words),
        evidence=retry_evidence(
            series, pattern, coarse, knobs.interval_confidence, hosts=hosts, coverage=coverage
        ),
        predicted=predicted,
        predicted_interval=interval,
        backtest=test,
    )


def _proposed(choice: Choice, retry_on: Sequence[str]) -> dict[str, Any]:
    if choice.attempts == 0 or choice.budget is None:
        return {"attempts": 0}
    return {
        "attempts": choice.attempts,
        "perTryTimeout": None,
        "retryOn": ",".join(retry_on),
        "backoff": "25ms",
        "retryBudget": {
            "percent": choice.budget.percent,
            "minRetryConcurrency": choice.budget.least,
        },
    }


def _run(snapshot: Snapshot, policy: Policy, known: bool) -> _Run:
    return _Run(
        policy,
        snapshot.manifest.window,
        FailureReader(snapshot),
        Gates.of(snapshot, policy.timeout),
        latency_by_target(snapshot),
        coverage_by_target(snapshot),
        _proxies(snapshot),
        _hosts(snapshot),
        bool(snapshot.manifest.missing),
        known,
    )


def _proxies(snapshot: Snapshot) -> dict[int, float]:
    """Edge → usual number of its client's proxies."""
    rows = snapshot.proxies[snapshot.proxies["proxies"] > 0]
    return {int(str(e)): float(n) for e, n in rows.groupby("edge")["proxies"].median().items()}


def _hosts(snapshot: Snapshot) -> dict[str, int]:
    """Target path → usual number of hosts behind it, in its own cluster."""
    rows = snapshot.hosts
    if rows.empty:
        return {}
    keys = ["cluster", "destination_service_namespace", "destination_service"]
    counts = rows[rows["requests"] > 0].groupby([*keys, "time"], as_index=False).size()
    usual = counts.groupby(keys, as_index=False)["size"].median()
    return {target_of(*names).path: round(hosts) for *names, hosts in usual.itertuples(index=False)}
