"""Connection pools: one per host and cluster of clients, or the reason why there is none.

Every target that requests were sent to ends either as a recommendation or as withheld. The method
and its sources stand in docs/method-pools.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.recommend.current import CurrentSettings, CurrentTrafficPolicy
from observe.recommend.model import Withheld
from observe.recommend.policy import Policy
from observe.recommend.pool_backtest import backtest_pool, predict_pool
from observe.recommend.pool_confidence import PoolGrounds, pool_confidence
from observe.recommend.pool_evidence import above_knee, pool_evidence, pool_message, protocol_of
from observe.recommend.pool_gates import refuse_idle, refuse_pool, tcp_targets
from observe.recommend.pool_judgement import current_pool, judge_pool
from observe.recommend.pool_knee import knee_of
from observe.recommend.pool_limits import PoolEstimate, estimate_pool
from observe.recommend.pool_model import Knee, PoolRecommendation
from observe.recommend.pool_need import Steps
from observe.recommend.reasons import Reason
from observe.recommend.targets import coverage_by_target, request_targets
from observe.recommend.timeout_estimate import Refusal
from observe.recommend.timeout_gates import Gates
from observe.recommend.timeout_tail import incident_steps
from observe.signals.concurrency import TargetLoad, concurrency_by_target
from observe.signals.envoy_gauges import Floats, requests_active
from observe.signals.latency import TargetLatency, latency_by_target
from observe.target import Target
from observe.telemetry.snapshot import Snapshot


@dataclass(frozen=True)
class _Context:
    """What is the same for all targets of a run."""

    policy: Policy
    days: float
    step_seconds: int
    coverage: dict[str, float]
    partial: bool
    known: bool
    gates: Gates
    latencies: dict[str, TargetLatency]
    loads: dict[str, TargetLoad]
    gauges: dict[str, Floats]


@dataclass(frozen=True)
class _Setting:
    """What bears on one target besides its telemetry."""

    now: CurrentTrafficPolicy | None
    timeout_ms: float | None
    tries: float


def recommend_pools(
    snapshot: Snapshot,
    policy: Policy,
    current: CurrentSettings | None,
    timeouts_ms: Mapping[str, float],
    tries: Mapping[str, float],
) -> tuple[list[PoolRecommendation], list[Withheld]]:
    """A connection pool, or the reason why there is none, for every target; sorted by target.

    Args:
        snapshot: the telemetry.
        policy: the knobs.
        current: the settings that are there; nothing is known of them when None.
        timeouts_ms: target path → timeout (ms) that will hold; absent: none.
        tries: target path → factor on the load that retries may add in the worst hour (1: none).
    """
    context = _context(snapshot, policy, known=current is not None)
    found: list[PoolRecommendation] = []
    withheld: list[Withheld] = []
    for target in request_targets(snapshot):
        path = target.path
        now = current.traffic_policy_for(target.service or "", target.cluster) if current else None
        setting = _Setting(now, timeouts_ms.get(path), max(1.0, tries.get(path, 1.0)))
        result = _recommend(target, setting, context)
        if isinstance(result, Refusal):
            withheld.append(_withheld(target, result, now, context.known))
        else:
            found.append(result)
    for target in tcp_targets(snapshot):
        now = current.traffic_policy_for(target.service or "", target.cluster) if current else None
        refused = Refusal(Reason.POOL_TCP, "connections of TCP are not collected yet")
        withheld.append(_withheld(target, refused, now, context.known))
    return found, withheld


def _recommend(
    target: Target, setting: _Setting, context: _Context
) -> PoolRecommendation | Refusal:
    latency, load = context.latencies.get(target.path), context.loads.get(target.path)
    pools = context.policy.connection_pool
    refused = refuse_pool(target, latency, load, context.gates, pools)
    if refused is not None:
        return refused
    if latency is None or load is None:
        return Refusal(Reason.NO_LATENCY, "no durations were recorded")
    incident = incident_steps(latency, context.step_seconds)
    hours = _hours(latency, load)
    steps = Steps(~incident[hours], incident[hours])
    gauge = _gauge(context.gauges.get(target.path), ~incident)
    estimate = estimate_pool(load, pools, steps, setting.tries, gauge)
    if estimate is None:
        return Refusal(
            Reason.NO_LATENCY,
            "requests are counted but the sum of their durations is absent "
            "(istio_request_duration_milliseconds_sum)",
        )
    idle = refuse_idle(estimate, load, pools)
    return idle or _recommendation(load, estimate, steps, hours, setting, context)


def steps_of(latency: TargetLatency, load: TargetLoad, coarse_seconds: int) -> Steps:
    """Which fine steps are normal, and which belong to an incident.

    Args:
        latency: the target's durations.
        load: its requests under way.
        coarse_seconds: length of a coarse step.
    """
    incident = incident_steps(latency, coarse_seconds)[_hours(latency, load)]
    return Steps(~incident, incident)


def _hours(latency: TargetLatency, load: TargetLoad) -> NDArray[np.int64]:
    """The coarse step that holds each fine step."""
    return np.searchsorted(latency.times, load.times, side="right") - 1


def _recommendation(
    load: TargetLoad,
    estimate: PoolEstimate,
    steps: Steps,
    hours: NDArray[np.int64],
    setting: _Setting,
    context: _Context,
) -> PoolRecommendation:
    pools = context.policy.connection_pool
    path, timeout_ms = load.target.path, setting.timeout_ms
    coverage = context.coverage.get(path, 0.0)
    knee = knee_of(load.server, hours, steps.normal, pools)
    predicted, interval = predict_pool(load, estimate, pools)
    test = backtest_pool(load, pools, steps)
    judged = judge_pool(
        estimate, setting.now, context.known, load.refused, load.requests, timeout_ms, pools
    )
    shed = predicted.fraction_shed if steps.incident.any() else 0.0
    days = _days_seen(load, context.days)
    grounds = PoolGrounds(days, coverage, context.partial, shed, load.refused)
    confidence, doubts = pool_confidence(estimate, test, context.policy, grounds)
    reasons = (judged.reason, *estimate.shaped_by, *_also(load, estimate, knee, steps), *doubts)
    return PoolRecommendation(
        id=f"connectionPool/{path}",
        target=load.target,
        current=judged.current,
        proposed=_proposed(estimate),
        confidence=confidence,
        severity=judged.severity,
        reasons=tuple(dict.fromkeys(reason.value for reason in reasons)),
        message=pool_message(estimate, knee, timeout_ms, judged.words),
        evidence=pool_evidence(load, estimate, knee, timeout_ms, coverage),
        predicted=predicted,
        predicted_interval=interval,
        backtest=test,
    )


def _also(
    load: TargetLoad, estimate: PoolEstimate, knee: Knee | None, steps: Steps
) -> tuple[Reason, ...]:
    """What else is to be known of the limits."""
    holds = {
        Reason.POOL_SERVERS_NEED_LESS: estimate.inbound is not None,
        Reason.POOL_ABOVE_KNEE: above_knee(estimate, knee),
        Reason.POOL_HTTP_VERSION_UNKNOWN: protocol_of(load) == "unknown",
        Reason.INCIDENT_EXCLUDED: bool(steps.incident.any()),
        Reason.WAYPOINT_STANDS_IN: load.server is None,
    }
    return tuple(reason for reason, true in holds.items() if true)


def _proposed(estimate: PoolEstimate) -> dict[str, object]:
    limits: dict[str, object] = dict(estimate.limits)
    if estimate.inbound is not None:
        inbound = {
            "http2MaxRequests": estimate.inbound,
            "http1MaxPendingRequests": estimate.inbound,
        }
        if estimate.connections is not None:
            inbound = {"maxConnections": estimate.inbound, **inbound}
        limits["inboundConnectionPool"] = inbound
    return limits


def _context(snapshot: Snapshot, policy: Policy, known: bool) -> _Context:
    return _Context(
        policy=policy,
        days=snapshot.manifest.window.days,
        step_seconds=snapshot.manifest.window.coarse_step_seconds,
        coverage=coverage_by_target(snapshot),
        partial=bool(snapshot.manifest.missing),
        known=known,
        gates=Gates.of(snapshot, policy.timeout),
        latencies=latency_by_target(snapshot),
        loads=concurrency_by_target(snapshot),
        gauges=requests_active(snapshot),
    )


def _gauge(series: Floats | None, normal: NDArray[np.bool_]) -> float | None:
    shown = np.zeros(0) if series is None else series[normal & np.isfinite(series)]
    return float(shown.max()) if shown.size else None


def _days_seen(load: TargetLoad, days: float) -> float:
    """Part of the window since the first request."""
    came = np.sum([client.requests for client in load.clients], axis=0)
    first = int(np.argmax(came > 0))
    return days - first * load.clients[0].step_seconds / 86_400


def _withheld(
    target: Target, refusal: Refusal, now: CurrentTrafficPolicy | None, known: bool
) -> Withheld:
    return Withheld(
        kind="connectionPool",
        target=target,
        reason=refusal.reason.value,
        message=refusal.message,
        current=current_pool(now, known),
    )
