"""Limits of a connection pool that were not chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from observe.recommend.policy import Policy
from observe.recommend.pool_backtest import predict_pool
from observe.recommend.pool_limits import estimate_pool
from observe.recommend.pool_model import PoolEvidence, PoolPredicted, PoolRecommendation
from observe.recommend.pools import steps_of
from observe.report.format import count_text, duration_text, interval_text, share_text
from observe.report.others import Other
from observe.signals.concurrency import concurrency_by_target
from observe.signals.latency import latency_by_target
from observe.telemetry.snapshot import Snapshot


def pool_others(
    recommendation: PoolRecommendation, snapshot: Snapshot, policy: Policy
) -> list[Other]:
    """Half, double, and what is set: requests refused, and how soon a hang fills the pool."""
    path, knobs = recommendation.target.path, policy.connection_pool
    latency = latency_by_target(snapshot).get(path)
    load = concurrency_by_target(snapshot).get(path)
    limit = recommendation.proposed.get("http2MaxRequests")
    if latency is None or load is None or not isinstance(limit, int):
        return []
    steps = steps_of(latency, load, snapshot.manifest.window.coarse_step_seconds)
    estimate = estimate_pool(load, knobs, steps, recommendation.evidence.tries, None)
    if estimate is None:
        return []
    inbound = recommendation.proposed.get("inboundConnectionPool") or {}
    estimate = replace(estimate, inbound=inbound.get("http2MaxRequests"))
    evidence, rows = recommendation.evidence, []
    for number, name in sorted(_limits(limit, recommendation.current).items()):
        shed = (recommendation.predicted, recommendation.predicted_interval)
        if number != limit:
            shed = predict_pool(load, replace(estimate, requests=number), knobs)
        verdict = "" if number == limit else _verdict(number, limit, evidence)
        full = _full(number, estimate.client.rps, evidence)
        rows.append(
            Other(f"{name}: {number:,}", f"refuses {_shed(*shed)} of requests; {full}", verdict)
        )
    return rows


def _limits(limit: int, current: Mapping[str, Any] | None) -> dict[int, str]:
    """The limits that are compared, each with its name."""
    now = (current or {}).get("http2MaxRequests")
    today = {now: "today"} if isinstance(now, int) and now > 0 else {}
    return today | {max(1, limit // 2): "half", 2 * limit: "double", limit: "proposed"}


def _shed(predicted: PoolPredicted, intervals: Mapping[str, tuple[float, float]]) -> str:
    return interval_text(predicted.fraction_shed, intervals.get("fractionShed"), share_text)


def _full(limit: int, rps: float, evidence: PoolEvidence) -> str:
    """How soon a service that hangs fills the neediest client's pool."""
    if _never_full(limit, evidence):
        return "a hang does not fill it before the timeout"
    return f"a hang fills it after {duration_text(1_000 * limit / rps)}"


def _never_full(limit: int, evidence: PoolEvidence) -> bool:
    return evidence.hang_holds is not None and evidence.hang_holds <= limit


def _verdict(number: int, limit: int, evidence: PoolEvidence) -> str:
    need = max(evidence.concurrency_client, evidence.concurrency_server or 0.0) * evidence.tries
    high = max(evidence.client_high, evidence.server_high or 0.0) * evidence.tries
    if number < need:
        return f"below the {count_text(need)} that are under way at the peak"
    if number < high:
        return f"below the upper end of the peak, {count_text(high)}"
    if number < limit:
        return "less room than the policy asks for"
    if _never_full(limit, evidence):
        return f"nobody was seen to need more than {limit:,}"
    held = number if not _never_full(number, evidence) else evidence.hang_holds
    return f"a hang holds {count_text(held)} requests in a client proxy, not {limit:,}"
