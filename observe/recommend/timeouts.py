"""Timeouts: one per host and cluster of clients, or the reason why there is none.

Every target that telemetry knows ends either as a recommendation or as withheld. The method and
its sources stand in docs/method.md, "Timeouts".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from observe.durations import istio_duration
from observe.recommend.backtest import backtest_timeout, share_cut
from observe.recommend.confidence import timeout_confidence
from observe.recommend.current import CurrentSettings, CurrentTimeout
from observe.recommend.model import (
    Caller,
    Recommendation,
    TimeoutEvidence,
    TimeoutPredicted,
    Withheld,
)
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.timeout_estimate import (
    Refusal,
    TimeoutEstimate,
    estimate_timeout,
    quantile_name,
)
from observe.recommend.timeout_gates import Gates, gate
from observe.recommend.timeout_judgement import current_settings, judge_timeout
from observe.recommend.timeout_tail import Mask, incident_steps
from observe.signals.latency import TargetLatency, latency_by_target
from observe.signals.targets import edges_with_target
from observe.stats.interval import proportion_interval
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

_CALLERS_SHOWN = 10


@dataclass(frozen=True)
class Context:
    """What is the same for all targets of a run."""

    policy: Policy
    days: float
    step_seconds: int
    coverage: dict[str, float]
    partial: bool
    gates: Gates

    @property
    def window_text(self) -> str:
        """Such as "7 days"."""
        return f"{self.days:.3g} days" if self.days >= 1 else f"{self.days * 24:.3g} hours"


def recommend_timeouts(
    snapshot: Snapshot, policy: Policy, current: CurrentSettings
) -> tuple[list[Recommendation], list[Withheld]]:
    """A timeout, or the reason why there is none, for every target; sorted by target."""
    context = _context(snapshot, policy)
    cubes = latency_by_target(snapshot)
    found: list[Recommendation] = []
    withheld: list[Withheld] = []
    for target in _targets(snapshot):
        now = current.timeout_for(target.service or "", target.cluster)
        latency = cubes.get(target.path)
        refused = gate(target, latency, context.gates)
        result = refused or (_one(latency, now, context) if latency else None)
        if isinstance(result, Recommendation):
            found.append(result)
        elif isinstance(result, Refusal):
            withheld.append(_withheld(target, result, now))
    return found, withheld


def _targets(snapshot: Snapshot) -> list[Target]:
    columns = ["cluster", "destination_service_namespace", "destination_service"]
    edges = snapshot.edges[snapshot.edges["protocol"].isin(["http", "grpc", ""])]
    kinds = edges[columns].drop_duplicates().sort_values(columns)
    targets = [
        Target(cluster=cluster or None, namespace=namespace, service=service)
        for cluster, namespace, service in kinds.itertuples(index=False)
    ]
    return list({target.path: target for target in targets}.values())


def _context(snapshot: Snapshot, policy: Policy) -> Context:
    window = snapshot.manifest.window
    edges = edges_with_target(snapshot.edges)
    rows = snapshot.coverage.merge(edges.loc[edges["speaks"], ["edge", "target"]], on="edge")
    totals = rows.groupby("target")[["samples", "expected"]].sum()
    share = (totals["samples"] / totals["expected"]).clip(upper=1.0)
    return Context(
        policy=policy,
        days=window.days,
        step_seconds=window.coarse_step_seconds,
        coverage={str(path): float(value) for path, value in share.items()},
        partial=bool(snapshot.manifest.missing),
        gates=Gates.of(snapshot, policy.timeout),
    )


def _one(
    latency: TargetLatency, now: CurrentTimeout | None, context: Context
) -> Recommendation | Refusal:
    incident = incident_steps(latency, context.step_seconds)
    estimate = estimate_timeout(latency, context.policy.timeout, ~incident, context.window_text)
    if isinstance(estimate, Refusal):
        return estimate
    test = backtest_timeout(latency, context.policy.timeout, incident, now, context.step_seconds)
    judgement = judge_timeout(estimate, now, context.policy.timeout)
    coverage = context.coverage.get(latency.target.path, 0.0)
    confidence, doubts = timeout_confidence(
        estimate, test, context.policy, context.days, coverage, context.partial
    )
    reasons = [judgement.reason, *judgement.also, *estimate.shaped_by]
    reasons += [Reason.INCIDENT_EXCLUDED] if incident.any() else []
    reasons += [Reason.WAYPOINT_STANDS_IN] if latency.reporter == "waypoint" else []
    predicted, interval = _predicted(estimate, context.days)
    return Recommendation(
        id=f"timeout/{latency.target.path}",
        kind="timeout",
        target=latency.target,
        current=judgement.current,
        proposed={"timeout": istio_duration(estimate.timeout_ms)},
        confidence=confidence,
        severity=judgement.severity,
        reasons=tuple(str(r.value) for r in (*reasons, *doubts)),
        message=_message(estimate, context.policy, judgement.words),
        evidence=_evidence(latency, estimate, context, coverage, incident),
        predicted=predicted,
        predicted_interval=interval,
        backtest=test,
    )


def _evidence(
    latency: TargetLatency,
    estimate: TimeoutEstimate,
    context: Context,
    coverage: float,
    incident: Mask,
) -> TimeoutEvidence:
    tail = estimate.governing
    top = tail.bracket.high
    return TimeoutEvidence(
        requests=round(estimate.week.requests, 3),
        quantile=1.0 - context.policy.timeout.false_timeout_rate,
        estimate_ms=_ms(tail.interval.value),
        low_ms=_ms(tail.interval.low),
        high_ms=_ms(tail.interval.high),
        bracket_low_ms=_ms(tail.bracket.low),
        bracket_high_ms=_ms(top) if np.isfinite(top) else None,
        busy_hours=int(estimate.busy_steps.sum()),
        busy_requests=round(estimate.busy.requests, 3),
        week_estimate_ms=_ms(estimate.week.interval.value),
        median_ms=_ms(estimate.median_ms),
        censored_fraction=_share(estimate.week.censored),
        design_effect=round(tail.design_effect, 3),
        coverage=round(coverage, 4),
        excluded=spans_of(latency, incident, context.step_seconds),
        callers=_callers_shown(estimate),
    )


def spans_of(
    latency: TargetLatency, steps: Mask, step_seconds: int
) -> tuple[tuple[pd.Timestamp, pd.Timestamp], ...]:
    """Half-open spans (UTC) that the marked steps cover, neighbours joined."""
    step = pd.Timedelta(seconds=step_seconds)
    spans: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for moment in pd.DatetimeIndex(latency.times[steps]).tz_localize("UTC"):
        if spans and spans[-1][1] == moment:
            spans[-1] = (spans[-1][0], moment + step)
        else:
            spans.append((moment, moment + step))
    return tuple(spans)


def _callers_shown(estimate: TimeoutEstimate) -> tuple[Caller, ...]:
    return tuple(
        Caller(
            workload=caller.workload,
            namespace=caller.namespace,
            requests=round(caller.tail.requests, 3),
            estimate_ms=_ms(caller.tail.interval.value),
            fraction_cut=_share(share_cut(caller.tail.survival, estimate.timeout_ms)),
        )
        for caller in estimate.callers[:_CALLERS_SHOWN]
    )


def _predicted(
    estimate: TimeoutEstimate, days: float
) -> tuple[TimeoutPredicted, dict[str, tuple[float, float]]]:
    week = estimate.week
    cut = share_cut(week.survival, estimate.timeout_ms)
    per_day = week.requests / days
    low, high = proportion_interval(cut * week.requests, week.requests, 0.95, week.design_effect)
    return (
        TimeoutPredicted(fraction_cut=_share(cut), requests_cut_per_day=round(cut * per_day, 2)),
        {
            "fractionCut": (_share(low), _share(high)),
            "requestsCutPerDay": (round(low * per_day, 2), round(high * per_day, 2)),
        },
    )


def _message(estimate: TimeoutEstimate, policy: Policy, words: str) -> str:
    tail, rate = estimate.governing.interval, policy.timeout.false_timeout_rate
    name = quantile_name(1.0 - rate)
    return (
        f"{words} In the busiest hours the {name} of good answers is {tail.value:,.0f} ms "
        f"(between {tail.low:,.0f} and {tail.high:,.0f} ms); "
        f"{istio_duration(estimate.timeout_ms)} leaves room above that."
    )


def _withheld(target: Target, refusal: Refusal, now: CurrentTimeout | None) -> Withheld:
    return Withheld(
        kind="timeout",
        target=target,
        reason=refusal.reason.value,
        message=refusal.message,
        current=current_settings(now),
    )


def _ms(value: float) -> float:
    return round(float(value), 3)


def _share(value: float) -> float:
    return round(float(value), 8)
