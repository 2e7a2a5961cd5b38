"""Counters of a mesh of any size, as a Prometheus scraped them, for the benchmark of collecting.

Each edge has two reporters, and each of those three outcomes in `istio_requests_total`, a
histogram of twenty buckets, its sum and its count: 50 series an edge. Labels are those that Istio
and its scrape configuration put there, some 25 a series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from observe.stats.histogram import ISTIO_BUCKETS_MS

END = datetime(2026, 1, 12, tzinfo=UTC)
_DURATION = "istio_request_duration_milliseconds"
_OUTCOMES = (("200", "-", 0.99), ("503", "UF", 0.006), ("404", "-", 0.004))
_LES = (*(f"{le:g}" for le in ISTIO_BUCKETS_MS if np.isfinite(le)), "+Inf")


@dataclass(frozen=True)
class Scale:
    """How large a mesh is, and how long and how often it was scraped."""

    name: str
    edges: int
    scrape_seconds: int
    days: int

    @property
    def start(self) -> datetime:
        return END - timedelta(days=self.days)

    @property
    def times_ms(self) -> NDArray[np.int64]:
        first, last = int(self.start.timestamp()), int(END.timestamp())
        return np.arange(first, last + 1, self.scrape_seconds, dtype=np.int64) * 1000


SCALES = {
    "S1": Scale("S1", 50, 60, 7),
    "S2": Scale("S2", 500, 300, 7),
    "S3": Scale("S3", 5_000, 300, 2),
}


def series(
    scale: Scale, edges_at_once: int
) -> Iterator[tuple[list[dict[str, str]], NDArray[np.float64]]]:
    """Labels and cumulative values (series, times), some edges at a time."""
    rng = np.random.default_rng(scale.edges)
    times = len(scale.times_ms)
    rhythm = 1.0 + 0.5 * np.sin(2 * np.pi * scale.times_ms / 86_400_000)
    for begin in range(0, scale.edges, edges_at_once):
        labels: list[dict[str, str]] = []
        rows: list[NDArray[np.float64]] = []
        for edge in range(begin, min(begin + edges_at_once, scale.edges)):
            mean = float(rng.lognormal(3.0, 0.8)) * scale.scrape_seconds / 60
            middle, width = rng.uniform(2.0, 6.0), rng.uniform(0.4, 1.0)
            for reporter in ("source", "destination"):
                requests = rng.poisson(mean * rhythm)
                _one(rng, labels, rows, _edge(edge, reporter), requests, (middle, width))
        yield labels, np.array(rows).reshape(len(labels), times)


def _one(
    rng: np.random.Generator,
    labels: list[dict[str, str]],
    rows: list[NDArray[np.float64]],
    own: dict[str, str],
    requests: NDArray[np.int64],
    latency: tuple[float, float],
) -> None:
    """The series of one edge as one reporter tells them."""
    for code, flags, share in _OUTCOMES:
        named = {"__name__": "istio_requests_total", "response_code": code, "response_flags": flags}
        labels.append(own | named)
        rows.append(rng.binomial(requests, share).cumsum().astype(np.float64) + 1000.0)
    ok = own | {"response_code": "200", "response_flags": "-"}
    bounds = np.array([float(le) if le != "+Inf" else np.inf for le in _LES])
    draws = np.sort(rng.lognormal(*latency, 2_000))
    below = np.searchsorted(draws, bounds, side="right") / len(draws)
    shares = np.diff(below, prepend=0.0)
    parts = rng.multinomial(requests, shares / shares.sum()).cumsum(axis=0).cumsum(axis=1)
    for position, le in enumerate(_LES):
        labels.append(ok | {"__name__": f"{_DURATION}_bucket", "le": le})
        rows.append(parts[:, position].astype(np.float64))
    labels.append(ok | {"__name__": f"{_DURATION}_count"})
    rows.append(parts[:, -1].astype(np.float64))
    labels.append(ok | {"__name__": f"{_DURATION}_sum"})
    rows.append(np.round(parts[:, -1] * float(draws.mean()), 1))


def _edge(edge: int, reporter: str) -> dict[str, str]:
    client, server = f"client-{edge % 97}", f"server-{edge}"
    pod = f"{client if reporter == 'source' else server}-5d4b8c9f7d-x2k8p"
    return {
        "reporter": reporter,
        "app": client if reporter == "source" else server,
        "connection_security_policy": "unknown" if reporter == "source" else "mutual_tls",
        "destination_app": server,
        "destination_canonical_revision": "v1",
        "destination_canonical_service": server,
        "destination_cluster": "east",
        "destination_principal": f"spiffe://cluster.local/ns/shop/sa/{server}",
        "destination_service": f"{server}.shop.svc.cluster.local",
        "destination_service_name": server,
        "destination_service_namespace": "shop",
        "destination_version": "v1",
        "destination_workload": server,
        "destination_workload_namespace": "shop",
        "grpc_response_status": "",
        "instance": f"10.0.{edge // 250}.{edge % 250}:15020",
        "job": "envoy-stats",
        "namespace": "shop",
        "pod": pod,
        "request_protocol": "http",
        "source_app": client,
        "source_canonical_service": client,
        "source_cluster": "east",
        "source_principal": f"spiffe://cluster.local/ns/shop/sa/{client}",
        "source_version": "v1",
        "source_workload": client,
        "source_workload_namespace": "shop",
    }
