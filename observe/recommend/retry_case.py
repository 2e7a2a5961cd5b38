"""What the retries of one target are chosen from: how its requests fail, and what is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from observe.recommend.current import CurrentRetries
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason
from observe.recommend.retry_load import under_way
from observe.recommend.retry_pattern import Pattern, pattern_of
from observe.recommend.targets import coverage_by_target
from observe.recommend.timeout_estimate import Refusal
from observe.recommend.timeout_gates import Gates, gate
from observe.signals.failure_series import FailureReader, FailureSeries
from observe.signals.latency import TargetLatency, latency_by_target
from observe.signals.targets import target_of
from observe.target import Target
from observe.telemetry.manifest import Window
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]

#: Gates of timeouts that speak against retries, too.
_GATES = (Reason.NOT_A_SERVICE, Reason.SOURCE_WITHOUT_METRICS, Reason.STREAM)


@dataclass(frozen=True)
class RetryRun:
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

    @property
    def coarse(self) -> NDArray[np.int64]:
        """The coarse step that holds each fine step (T)."""
        return self.reader.steps.coarse_of_fine


@dataclass(frozen=True)
class RetryCase:
    """One target: how it fails, and what is set.

    Attributes:
        active: requests under way for each client proxy (T).
        hosts: that a retry can choose from; None where it is not known.
        bounded: whether a retryBudget is set.
        repeatable: whether its requests may be carried out twice.
        wider: whether the failures that count are those that `retryOn` matches then.
    """

    target: Target
    series: FailureSeries
    pattern: Pattern
    active: Floats
    hosts: int | None
    routes: Sequence[CurrentRetries]
    bounded: bool
    repeatable: bool
    wider: bool

    @property
    def is_set(self) -> bool:
        """Whether an object says anything about retries, or bounds them."""
        return self.bounded or any(route.attempts is not None for route in self.routes)


def retry_run(snapshot: Snapshot, policy: Policy, known: bool) -> RetryRun:
    """What is the same for all targets of a snapshot.

    Args:
        snapshot: the telemetry.
        policy: the knobs.
        known: whether the settings of the mesh were given.
    """
    return RetryRun(
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


def retry_case(
    target: Target, routes: Sequence[CurrentRetries], bounded: bool, run: RetryRun
) -> RetryCase | Refusal:
    """How one target fails, or why nothing can be said about it.

    Args:
        target: the target.
        routes: what is set, one entry a route.
        bounded: whether a retryBudget is set.
        run: what is the same for all.
    """
    refused = gate(target, run.latencies.get(target.path), run.gates)
    if refused is not None and refused.reason in _GATES:
        return refused
    knobs = run.policy.retry
    repeatable = any(fnmatchcase(target.service or "", host) for host in knobs.idempotent)
    series = run.reader.of(target.path, repeatable=repeatable)
    if series is None or not series.requests.any():
        return Refusal(Reason.TOO_FEW_REQUESTS, "no requests came in this window")
    hosts = run.hosts.get(target.path)
    pattern, active = _failing(series, hosts, run)
    return RetryCase(
        target, series, pattern, active, hosts, routes, bounded, repeatable, wider=repeatable
    )


def safe_only(case: RetryCase, run: RetryRun) -> RetryCase:
    """The same where only failures count before which the server has done nothing."""
    series = run.reader.of(case.target.path, repeatable=False)
    if series is None:
        return case
    pattern, active = _failing(series, case.hosts, run)
    return replace(case, series=series, pattern=pattern, active=active, wider=False)


def _failing(series: FailureSeries, hosts: int | None, run: RetryRun) -> tuple[Pattern, Floats]:
    """How first tries fail, and the requests under way for each client proxy (T)."""
    confidence = run.policy.retry.interval_confidence
    pattern = pattern_of(series, run.coarse, confidence, hosts != 1)
    proxies = sum(run.proxies.get(edge, np.inf) for edge in series.edges)
    return pattern, under_way(pattern, series.mean_ms, run.window.step_seconds, proxies)


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
