"""Timeouts: one per host and cluster of clients, or the reason why there is none.

Every target that telemetry knows ends either as a recommendation or as withheld. The method and
its sources stand in docs/method.md, "Timeouts".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np

from observe.durations import istio_duration
from observe.recommend.backtest import backtest_timeout, share_cut
from observe.recommend.confidence import Grounds, timeout_confidence
from observe.recommend.current import CurrentSettings, CurrentTimeout, shortest_timeout
from observe.recommend.model import PlanChange, Withheld
from observe.recommend.plan_timeouts import agree_on_timeouts
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.targets import coverage_by_target, request_targets
from observe.recommend.timeout_callers import called_by_gateway, callers_cut
from observe.recommend.timeout_calls import calls_that_bound
from observe.recommend.timeout_estimate import (
    Refusal,
    TimeoutEstimate,
    estimate_timeout,
)
from observe.recommend.timeout_evidence import (
    predict_cut,
    spans_of,
    timeout_evidence,
    timeout_message,
)
from observe.recommend.timeout_gates import Gates, gate
from observe.recommend.timeout_judgement import current_settings, judge_timeout
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.recommend.timeout_tail import (
    Mask,
    finished,
    incident_steps,
    without_worst_days,
)
from observe.signals.latency import TargetLatency, latency_by_target
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

#: Nobody waits for the end of these as for an answer: their timeouts bound no caller.
_HELD_OPEN = (Reason.STREAM, Reason.LONG_POLL)


@dataclass(frozen=True)
class Context:
    """What is the same for all targets of a run."""

    policy: Policy
    days: float
    step_seconds: int
    coverage: dict[str, float]
    partial: bool
    known: bool
    gates: Gates

    @property
    def window_text(self) -> str:
        """Such as "7 days"."""
        return f"{self.days:.3g} days" if self.days >= 1 else f"{self.days * 24:.3g} hours"


@dataclass(frozen=True)
class Draft:
    """A target with a number, before the numbers agree with one another."""

    latency: TargetLatency
    estimate: TimeoutEstimate
    incident: Mask
    now: CurrentTimeout | None

    @property
    def path(self) -> str:
        """Path of the target."""
        return self.latency.target.path


def recommend_timeouts(
    snapshot: Snapshot, policy: Policy, current: CurrentSettings | None, graph: nx.DiGraph[str]
) -> tuple[list[TimeoutRecommendation], list[Withheld], list[PlanChange]]:
    """A timeout, or the reason why there is none, for every target; sorted by target.

    Args:
        snapshot: the telemetry.
        policy: the knobs.
        current: the settings that are there; nothing is known of them when None.
        graph: the call graph, along which the timeouts are made to agree.
    """
    context = _context(snapshot, policy, known=current is not None)
    cubes = latency_by_target(snapshot)
    drafts: list[Draft] = []
    withheld: list[Withheld] = []
    settled: dict[str, float] = {}
    for target in request_targets(snapshot):
        now = current.timeout_for(target.service or "", target.cluster) if current else None
        result = _draft(target, cubes.get(target.path), now, context)
        if isinstance(result, Draft):
            drafts.append(result)
            continue
        withheld.append(_withheld(target, result, now, context.known))
        kept = None if result.reason in _HELD_OPEN else shortest_timeout(now)
        settled |= {target.path: kept} if kept is not None else {}
    proposed = {draft.path: draft.estimate.timeout_ms for draft in drafts}
    calls = calls_that_bound(graph, cubes, policy.timeout.false_timeout_rate)
    agreed, changes = agree_on_timeouts(proposed, settled, calls)
    return [_recommendation(d, agreed[d.path], context) for d in drafts], withheld, changes


def _draft(
    target: Target, latency: TargetLatency | None, now: CurrentTimeout | None, context: Context
) -> Draft | Refusal:
    refused = gate(target, latency, context.gates)
    if refused is not None or latency is None:
        return refused or Refusal(Reason.NO_LATENCY, "no durations were recorded")
    incident = incident_steps(latency, context.step_seconds)
    estimate = estimate_timeout(latency, context.policy.timeout, ~incident, context.window_text)
    if isinstance(estimate, Refusal):
        return estimate
    return Draft(latency, estimate, incident, now)


def _context(snapshot: Snapshot, policy: Policy, known: bool) -> Context:
    window = snapshot.manifest.window
    return Context(
        policy=policy,
        days=window.days,
        step_seconds=window.coarse_step_seconds,
        coverage=coverage_by_target(snapshot),
        partial=bool(snapshot.manifest.missing),
        known=known,
        gates=Gates.of(snapshot, policy.timeout),
    )


def _recommendation(draft: Draft, timeout_ms: float, context: Context) -> TimeoutRecommendation:
    latency, policy = draft.latency, context.policy
    rate = policy.timeout.false_timeout_rate
    shaped = draft.estimate.shaped_by
    if timeout_ms > draft.estimate.timeout_ms:
        shaped = (*shaped, Reason.CALLER_RAISED_TO_CALLEE)
    estimate = replace(draft.estimate, timeout_ms=timeout_ms, shaped_by=shaped)
    test = backtest_timeout(
        latency, policy.timeout, draft.incident, draft.now, context.step_seconds
    )
    judgement = judge_timeout(estimate, draft.now, context.known, policy.timeout)
    cut = callers_cut(latency, policy.timeout, ~draft.incident, timeout_ms)
    grounds = _grounds(draft, timeout_ms, bool(cut), context)
    confidence, doubts = timeout_confidence(estimate, test, policy, grounds)
    reasons = [judgement.reason, *judgement.also, *estimate.shaped_by]
    reasons += [Reason.GATEWAY_CALLS] if called_by_gateway(latency.callers) else []
    reasons += [Reason.INCIDENT_EXCLUDED] if draft.incident.any() else []
    reasons += [Reason.WAYPOINT_STANDS_IN] if latency.reporter == "waypoint" else []
    predicted, interval = predict_cut(estimate, context.days)
    return TimeoutRecommendation(
        id=f"timeout/{draft.path}",
        kind="timeout",
        target=latency.target,
        current=judgement.current,
        proposed={"timeout": istio_duration(timeout_ms)},
        confidence=confidence,
        severity=judgement.severity,
        reasons=tuple(dict.fromkeys(reason.value for reason in (*reasons, *doubts))),
        message=timeout_message(estimate, rate, judgement.words),
        evidence=timeout_evidence(
            latency,
            estimate,
            rate,
            grounds.coverage,
            spans_of(latency.times, draft.incident, context.step_seconds),
            cut,
        ),
        predicted=predicted,
        predicted_interval=interval,
        backtest=test,
    )


def _grounds(draft: Draft, timeout_ms: float, a_caller_is_cut: bool, context: Context) -> Grounds:
    latency, estimate = draft.latency, draft.estimate
    everything = finished(latency, np.ones(len(latency.times), dtype=np.bool_)).survival
    busiest = estimate.governing is estimate.busy
    rest = math.nan
    if busiest or estimate.governing is estimate.week:
        beyond, policy = estimate.governing.bracket.low, context.policy.timeout
        rest = without_worst_days(latency, policy, ~draft.incident, beyond, busiest)
    first = int(np.argmax(latency.per_step("success") > 0))
    unseen = first * context.step_seconds / 86_400
    return Grounds(
        days=context.days - unseen,
        coverage=context.coverage.get(draft.path, 0.0),
        partial=context.partial,
        cut_with_incidents=share_cut(everything, timeout_ms),
        a_caller_is_cut=a_caller_is_cut,
        without_worst_days=rest,
    )


def _withheld(
    target: Target, refusal: Refusal, now: CurrentTimeout | None, known: bool
) -> Withheld:
    return Withheld(
        kind="timeout",
        target=target,
        reason=refusal.reason.value,
        message=refusal.message,
        current=current_settings(now, known),
    )
