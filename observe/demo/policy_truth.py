"""What is true about failures, retries and requests under way, from formulas, not samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtrc

from observe.demo.failing import Retries
from observe.demo.process import CELL_SECONDS, streams
from observe.demo.rhythm import HOURS_PER_WEEK
from observe.demo.stream import SERVER_SHARE, Floats, Stream
from observe.demo.truth import Edge, Service, Truth

#: What a service's failures are to someone who thinks of retries.
#: curable: Istio's default conditions see them, and the next try is as good as any; mixed: curable
#: ones and outages; bad_host: one host answers with what the default conditions do not match.
Verdict = Literal[
    "curable",
    "mixed",
    "outage",
    "overload",
    "bad_host",
    "poison",
    "after_work",
    "healthy",
    "stream",
]

#: Below this share of the tries, failures are no reason for anything.
_HEALTHY = 1e-4


@dataclass(frozen=True)
class RetryEffect:
    """What a retry policy does to a target; loads are shares of the requests.

    Attributes:
        success: share of the requests that succeed, over the window.
        added_load: retries per request over the window.
        added_load_worst_hour: the same in the hour in which it is highest.
        worst_hour: that hour.
        tries: expected number of tries in the window.
    """

    success: float
    added_load: float
    added_load_worst_hour: float
    worst_hour: int
    tries: float


@dataclass(frozen=True)
class PolicyTruth:
    """What a good policy has to reckon with.

    Attributes:
        verdict: see :data:`Verdict`.
        curable_failures: requests of the window that fail without retries and that Istio's default
            conditions would try again.
        client_concurrency: p99.9 over the week of the requests under way from any one client proxy.
        server_concurrency: the same to any one host.
        base_error_fraction: tries that a healthy host fails with 5xx or gRPC errors, or by
            refusing the connection, outside outages.
    """

    verdict: Verdict
    curable_failures: float
    client_concurrency: float
    server_concurrency: float
    base_error_fraction: float


def policy_truth(truth: Truth, target: str, week: int = 0) -> PolicyTruth:
    """What is true about a target; week 1 is the week after the window.

    Args:
        truth: the mesh, told when its window starts.
        target: `cluster/namespace/service`.
        week: of the requests under way.

    Raises:
        KeyError: no such target.
    """
    edges = [edge for _, edge in truth.edges_of(target)]
    service = edges[0].service
    hours = np.arange(HOURS_PER_WEEK) + week * HOURS_PER_WEEK
    clients = [concurrency_p999(_under_way(truth, e, hours) * max(e.client.shares)) for e in edges]
    served = sum(_under_way(truth, e, hours) for e in edges) / service.workload.replicas
    return PolicyTruth(
        verdict=_verdict(service),
        curable_failures=_curable(truth, edges),
        client_concurrency=max(clients),
        server_concurrency=concurrency_p999(np.asarray(served) * SERVER_SHARE),
        base_error_fraction=_base_errors(service),
    )


def retry_effect(truth: Truth, target: str, retries: Retries, week: int = 0) -> RetryEffect:
    """What these retries would do to a target, whatever is in force; no budget bounds them.

    Retries do not feed back: an overload does not grow by them.

    Args:
        truth: the mesh, told when its window starts.
        target: `cluster/namespace/service`.
        retries: of all clients.
        week: 0 is the window, 1 the week after it; what happens in spans is then over.
    """
    hours = np.arange(HOURS_PER_WEEK) + week * HOURS_PER_WEEK
    requests, again, good = (np.zeros(len(hours)) for _ in range(3))
    for _, edge in truth.edges_of(target):
        for stream in streams(truth, _with(edge, retries), hours):
            hourly = stream.expected.sum(axis=1)
            requests += hourly
            again += hourly * stream.retries
            good += hourly * _is_success(stream)
    worst = np.divide(again, requests, out=np.zeros_like(again), where=requests > 0)
    total = float(requests.sum())
    return RetryEffect(
        success=float(good.sum()) / total,
        added_load=float(again.sum()) / total,
        added_load_worst_hour=float(worst.max()),
        worst_hour=int(hours[worst.argmax()]),
        tries=total + float(again.sum()),
    )


def concurrency_p999(means: Floats) -> float:
    """The number of requests under way that is exceeded for 0.1 % of the time.

    Arrivals are Poisson, so the number under way at any moment is Poisson around its mean
    (M/G/inf queue: Kleinrock, Queueing Systems I, 3.5).

    Args:
        means: in each five minutes, any shape.
    """
    flat = np.ravel(means)
    low, high = -1, int(flat.max() + 10 * np.sqrt(flat.max()) + 20)
    while high - low > 1:
        middle = (low + high) // 2
        above = float(np.mean(pdtrc(middle, flat)))
        low, high = (middle, high) if above > 0.001 else (low, middle)
    return float(high)


def _with(edge: Edge, retries: Retries) -> Edge:
    return replace(edge, service=replace(edge.service, retries=retries))


def _is_success(stream: Stream) -> bool:
    outcome = stream.outcome
    return outcome.flags == "-" and outcome.grpc_status in ("", "0") and outcome.code[0] in "123"


def _under_way(truth: Truth, edge: Edge, hours: NDArray[np.int64]) -> Floats:
    """Mean number of an edge's requests under way in each five minutes, shape (H, 12)."""
    total = np.zeros((len(hours), 12))
    for stream in streams(truth, edge, hours):
        total += stream.expected / CELL_SECONDS * stream.mean_ms[:, None] / 1000
    return total


def _verdict(service: Service) -> Verdict:
    if service.stream:
        return "stream"
    serious = [p for p in service.processes if p.chance > _HEALTHY]
    natures = {p.nature for p in serious}
    curable = [p for p in serious if Retries().again(p) and p.nature in ("independent", "bad_host")]
    if "overload" in natures:
        return "overload"
    if "outage" in natures:
        return "mixed" if curable else "outage"
    if curable:
        return "curable"
    for verdict in ("bad_host", "poison", "after_work"):
        if verdict in natures:
            return verdict
    return "healthy"


def _curable(truth: Truth, edges: list[Edge]) -> float:
    """Failures that one retry under Istio's default conditions would turn into something else."""
    hours = np.arange(HOURS_PER_WEEK)
    total = 0.0
    for edge in edges:
        curable = tuple(
            p
            for p in edge.service.processes
            if Retries().again(p) and p.nature in ("independent", "bad_host")
        )
        if not curable:
            continue
        alone = replace(edge.service, processes=curable, retries=Retries(attempts=0))
        for stream in streams(truth, replace(edge, service=alone), hours):
            total += 0.0 if _is_success(stream) else float(stream.expected.sum())
    return total


def _base_errors(service: Service) -> float:
    """Share of the tries that fail on a healthy host, overload and outages left out."""
    lasting = [p for p in service.processes if p.nature in ("independent", "poison", "after_work")]
    found = 0.0
    for process in lasting:
        if process.code.startswith("5") or process.grpc_status not in ("", "0"):
            found += (1 - found) * process.chance
    return found
