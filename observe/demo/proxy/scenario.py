"""What a run of the proxies is about: the traffic and its failures, and the policy in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from observe.demo.failing import FailureProcess, Retries
from observe.demo.mixture import Mixture

Balancing = Literal["LEAST_REQUEST", "ROUND_ROBIN", "RANDOM"]

UNLIMITED = 2**32 - 1


@dataclass(frozen=True)
class Scenario:
    """Clients that call a service, open loop.

    Attributes:
        latency: of a try that succeeds, ms.
        rps: requests a second of all client proxies together; arrivals are Poisson.
        hosts: of the service.
        shares: share of the requests of each client proxy.
        processes: what makes tries fail; spans in hours after the start of the run.
        load: relative to the everyday peak, for overload.
        overhead_ms: what proxy and network add to every try.
    """

    latency: Mixture
    rps: float
    hosts: int = 1
    shares: tuple[float, ...] = (1.0,)
    processes: tuple[FailureProcess, ...] = ()
    load: float = 1.0
    overhead_ms: float = 0.0


@dataclass(frozen=True)
class Limits:
    """A connection pool: the limits of one proxy towards one cluster.

    Attributes:
        max_connections: HTTP/1.1: requests under way; the others wait.
        max_pending: HTTP/1.1: requests that may wait for a connection.
        max_requests: requests under way, of either protocol.
    """

    max_connections: int = UNLIMITED
    max_pending: int = UNLIMITED
    max_requests: int = UNLIMITED


@dataclass(frozen=True)
class OutlierDetection:
    """When a client's proxy takes a host out of use; 0 errors in a row is never.

    Attributes:
        consecutive_5xx: tries in a row that end with 5xx or without an answer.
        consecutive_gateway: the same of 502, 503, 504 and tries without an answer.
        interval_s: every so often hosts may come back.
        base_ejection_s: how long a host is out, times how often it was; 300 s at most.
        max_ejection_percent: no host is ejected that would bring the ejected ones above this.
        always_eject_one: one may be, whatever the percent says; Istio does not set it.
        min_health_percent: with fewer healthy hosts all are used (panic).
    """

    consecutive_5xx: int = 5
    consecutive_gateway: int = 0
    interval_s: float = 10.0
    base_ejection_s: float = 30.0
    max_ejection_percent: float = 10.0
    always_eject_one: bool = False
    min_health_percent: float = 0.0


@dataclass(frozen=True)
class ProxyPolicy:
    """What the clients' proxies are told; the defaults are those of Istio without retries.

    Attributes:
        timeout_ms: of a request, tries and pauses included.
        per_try_timeout_ms: of a try; one that is not below the timeout is ignored.
        backoff_ms: pauses are random up to (2^n - 1) times this, ten times this at most.
        avoid_previous_hosts: retries look for a host that was not tried, five times at most.
        budget_percent: retries under way, as a share of the requests under way; None: no budget.
        min_retry_concurrency: retries that a budget always allows.
        max_retries: retries under way where there is no budget; Envoy alone would say 3.
        pool: limits at the clients' proxies.
        inbound: limits at each host's own proxy; Istio takes those of the pool.
        outliers: None: hosts are never ejected.
        http2: requests share connections.
    """

    retries: Retries = field(default_factory=lambda: Retries(attempts=0))
    timeout_ms: float | None = None
    per_try_timeout_ms: float | None = None
    backoff_ms: float = 25.0
    avoid_previous_hosts: bool = True
    budget_percent: float | None = None
    min_retry_concurrency: int = 3
    max_retries: int = UNLIMITED
    pool: Limits = field(default_factory=Limits)
    inbound: Limits = field(default_factory=Limits)
    outliers: OutlierDetection | None = None
    http2: bool = False
    balancing: Balancing = "LEAST_REQUEST"

    @property
    def try_timeout_ms(self) -> float | None:
        """The timeout of a try, if it has an effect."""
        each, whole = self.per_try_timeout_ms, self.timeout_ms
        return each if each is not None and (whole is None or each < whole) else None
