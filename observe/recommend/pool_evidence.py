"""The evidence of a pool, and its message: what stands beside the numbers."""

from __future__ import annotations

import math

from observe.durations import istio_duration
from observe.recommend.pool_limits import PoolEstimate
from observe.recommend.pool_model import Knee, PoolClient, PoolEvidence, PoolProtocol
from observe.recommend.pool_need import Need
from observe.signals.concurrency import TargetLoad

_CLIENTS_SHOWN = 10


def pool_evidence(
    load: TargetLoad,
    estimate: PoolEstimate,
    knee: Knee | None,
    timeout_ms: float | None,
    coverage: float,
) -> PoolEvidence:
    """The numbers behind a pool, rounded for the document."""
    client, server = estimate.client, estimate.server
    servers = server.load.share.usual if server else None
    holds = None if timeout_ms is None else round(client.rps * timeout_ms / 1000.0, 1)
    return PoolEvidence(
        requests=round(load.requests, 3),
        protocol=protocol_of(load),
        method="envoy-gauges" if estimate.gauge_decides else "littles-law",
        tries=round(estimate.tries, 4),
        concurrency_client=client.number,
        client_low=client.low,
        client_high=client.high,
        concurrency_server=server.number if server else None,
        server_low=server.low if server else None,
        server_high=server.high if server else None,
        gauge_max=estimate.gauge,
        servers=None if servers is None else round(servers),
        clients=tuple(_client(need) for need in estimate.clients[:_CLIENTS_SHOWN]),
        knee=knee,
        hang_fills_seconds=_significant(estimate.requests / client.rps),
        hang_holds=holds,
        overflows=round(load.refused, 3),
        coverage=round(coverage, 4),
    )


def protocol_of(load: TargetLoad) -> PoolProtocol:
    """`grpc` runs over HTTP/2; of `http` telemetry does not tell which version it is."""
    return "http2" if load.protocols == {"grpc"} else "unknown"


def above_knee(estimate: PoolEstimate, knee: Knee | None) -> bool:
    """Whether the servers would be past their knee before the limit is reached."""
    return knee is not None and (estimate.inbound or estimate.requests) > knee.high


def pool_message(
    estimate: PoolEstimate, knee: Knee | None, timeout_ms: float | None, words: str
) -> str:
    """The recommendation in a few sentences; `words` is the verdict on what is set."""
    return " ".join(
        part
        for part in (words, _need(estimate), _hang(estimate, timeout_ms), _knee(estimate, knee))
        if part
    )


def _need(estimate: PoolEstimate) -> str:
    client, server = estimate.client, estimate.server
    name = "/".join(part for part in client.load.name[1:] if part)
    words = (
        f"At the peak {name} has {client.number:,} requests under way from its busiest proxy "
        f"(p99.9{_between(client)})"
    )
    if server is not None and server.number > client.number:
        words += f" and a server {server.number:,}, to whose proxy Istio applies the pool as well"
    proposed = ", ".join(f"{name} {value:,}" for name, value in estimate.limits.items())
    return f"{words}: {proposed}."


def _between(need: Need) -> str:
    return "" if need.low == need.high else f", between {need.low:,} and {need.high:,}"


def _hang(estimate: PoolEstimate, timeout_ms: float | None) -> str:
    """What the pool is for."""
    client = estimate.client
    full = estimate.requests / client.rps
    held = math.inf if timeout_ms is None else client.rps * timeout_ms / 1000.0
    if held <= estimate.requests:
        return ""
    instead = "they pile up without end"
    if timeout_ms is not None:
        instead = f"up to {held:,.0f} pile up, until the timeout of {istio_duration(timeout_ms)}"
    return (
        f"If the service hangs, that is full after {_seconds(full)} and the rest fails at once; "
        f"otherwise {instead}."
    )


def _knee(estimate: PoolEstimate, knee: Knee | None) -> str:
    if knee is None or not above_knee(estimate, knee):
        return ""
    return (
        f"Answers get slower with load: a server gets most done with about {knee.concurrency:,.0f} "
        f"requests at a time (between {knee.low:,.0f} and {knee.high:,.0f}, by a fit). The limit "
        "does not keep it below that; more servers do."
    )


def _client(need: Need) -> PoolClient:
    _, namespace, workload = need.load.name
    share = need.load.share
    return PoolClient(
        workload=workload,
        namespace=namespace,
        proxies=share.usual,
        busiest_rps=_significant(need.rps),
        concurrency=need.number,
    )


def _significant(value: float) -> float:
    return float(f"{value:.4g}")


def _seconds(value: float) -> str:
    if value < 1:
        return f"{value * 1000:,.0f} ms"
    return f"{value:,.1f} s" if value < 10 else f"{value:,.0f} s"
