"""What a connection pool recommendation says: evidence, the effect predicted, the backtest."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from observe.documents import CamelModel
from observe.recommend.base_model import Interval, Recommendation

PoolProtocol = Literal["http1", "http2", "tcp", "unknown"]


class PoolClient(CamelModel):
    """What one client workload needs of a service, for each of its proxies."""

    workload: str
    namespace: str
    proxies: float | None = Field(description="null: not known, all count as one")
    busiest_rps: float = Field(description="of the busiest proxy, in the busiest step")
    concurrency: float = Field(description="p99.9 of the requests under way")


class Knee(CamelModel):
    """Where latency starts to climb with load, by a fit of Gunther's universal scalability law."""

    concurrency: float = Field(description="requests under way per server")
    low: float
    high: float
    contention: float
    coherency: float


class PoolEvidence(CamelModel):
    """What a pool was computed from. Concurrency is requests under way, per proxy."""

    requests: float
    protocol: PoolProtocol
    method: Literal["littles-law", "envoy-gauges"]
    tries: float = Field(default=1.0, description="factor on the load that retries may add")
    concurrency_client: float = Field(description="p99.9 of the neediest client proxy")
    client_low: float
    client_high: float
    concurrency_server: float | None = Field(description="p99.9 of a server's proxy")
    server_low: float | None = None
    server_high: float | None = None
    gauge_max: float | None = Field(default=None, description="the highest that Envoy showed")
    servers: int | None = None
    clients: tuple[PoolClient, ...] = ()
    knee: Knee | None = None
    hang_fills_seconds: float | None = Field(
        default=None,
        description="until the neediest client's pool is full, when the servers stop answering",
    )
    hang_holds: float | None = Field(
        default=None,
        description="requests that such a client proxy would then hold without a pool, until the "
        "timeout; null: without a timeout there is no end to it",
    )
    overflows: float = Field(description="requests that a pool refused (UO)")
    coverage: float


class PoolPredicted(CamelModel):
    """What the pool would have done to the requests of the window."""

    concurrency_p999_per_proxy: float
    fraction_shed: float


class PoolBacktest(CamelModel):
    """A pool trained on the first part of the window, judged on the rest."""

    trained_on: tuple[datetime, datetime]
    tested_on: tuple[datetime, datetime]
    limit: int
    concurrency_p999_per_proxy: float
    fraction_shed: float
    fraction_shed_interval: Interval


class PoolRecommendation(Recommendation):
    """A connection pool: `maxConnections`, `http1MaxPendingRequests`, `http2MaxRequests`,
    `maxRequestsPerConnection`; `inboundConnectionPool` (the same fields) where the servers'
    proxies need other limits than the clients'.
    """

    kind: Literal["connectionPool"] = "connectionPool"
    evidence: PoolEvidence
    predicted: PoolPredicted
    backtest: PoolBacktest | None = None
