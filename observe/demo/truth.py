"""A mesh of which everything is known: services, calls, rhythms, latencies, failures.

All times inside a truth are hours after the start of the window, so that the same mesh can be
placed at any time; :meth:`Truth.starting` tells it where in the week that is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from observe.demo.failing import FailureProcess, Retries
from observe.demo.habits import STEADY, Habits
from observe.demo.mixture import Mixture
from observe.demo.rhythm import Rhythm

Protocol = Literal["http", "grpc"]

#: Outcomes with these flags never reach the server: its proxy reports nothing.
CLIENT_SIDE_FLAGS = frozenset({"UF", "UO", "UH", "NR", "FI", "URX", "UF,URX"})
#: Delays and aborts that a fault injection policy made; nothing to learn from.
INJECTED_FLAGS = frozenset({"DI", "FI"})


EVERYDAY = Rhythm()


@dataclass(frozen=True)
class Workload:
    """A deployment.

    Attributes:
        rollouts: hours at which all pods are replaced by new ones, whose counters start at 0.
        sidecar: without one it reports nothing, and its servers know it as "unknown".
        containers: whether series of cAdvisor and kube-state-metrics are simulated for it.
        skew: the first replica sends `1 + skew` times as many requests as each of the others.
        habits: what its application does besides following the load.
    """

    cluster: str
    namespace: str
    name: str
    replicas: int = 1
    rollouts: tuple[float, ...] = ()
    sidecar: bool = True
    containers: bool = False
    skew: float = 0.0
    habits: Habits = STEADY

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of the requests that each replica sends."""
        total = self.replicas + self.skew
        return ((1 + self.skew) / total, *((1 / total,) * (self.replicas - 1)))


@dataclass(frozen=True)
class Failure:
    """A kind of answer that is no success.

    Attributes:
        fraction: share of the requests that end like this, while it is active.
        active: (first hour, hours) of the spans in which it occurs; empty: always.
    """

    code: str
    flags: str
    fraction: float
    latency: Mixture
    grpc_status: str = ""
    active: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Incident:
    """A span with slow answers and errors, in whole five minutes.

    Attributes:
        slowdown: factor on every duration.
        failure: what the failing requests look like; its fraction is that of the span.
    """

    start_hour: float
    hours: float
    slowdown: float
    failure: Failure


@dataclass(frozen=True)
class Service:
    """What clients call.

    Attributes:
        workload: who serves it.
        latency: duration of successes at load 0, seen by a client, when nothing cuts them off.
        saturation, power: at load x everything takes `1 + saturation * x ** power` times as long.
        jitter: sigma of the lognormal factor that differs from hour to hour.
        code: response code of its successes.
        timeout_ms: a timeout that is in force already.
        stream: requests that stay open for as long as both sides like.
        long_poll: the server answers late on purpose.
        request_messages, response_messages: gRPC messages per request.
        processes: what makes single tries fail; takes the place of `failures`.
        retries: what the clients' proxies try again; None: nothing is.
        growth, drift: factors on traffic and on latency from one week to the next.
    """

    workload: Workload
    latency: Mixture
    rhythm: Rhythm = EVERYDAY
    protocol: Protocol = "http"
    saturation: float = 0.3
    power: float = 3.0
    jitter: float = 0.03
    code: str = "200"
    failures: tuple[Failure, ...] = ()
    incidents: tuple[Incident, ...] = ()
    processes: tuple[FailureProcess, ...] = ()
    retries: Retries | None = None
    timeout_ms: float | None = None
    stream: bool = False
    long_poll: bool = False
    request_messages: float = 1.0
    response_messages: float = 1.0
    growth: float = 1.0
    drift: float = 1.0

    @property
    def host(self) -> str:
        """The name that Istio reports as destination_service."""
        return f"{self.workload.name}.{self.workload.namespace}.svc.cluster.local"


@dataclass(frozen=True)
class Edge:
    """Calls of one workload to one service.

    Attributes:
        peak_rps: requests a second at load 1.
        slowness: factor on the service's latency for this client.
    """

    client: Workload
    service: Service
    peak_rps: float
    slowness: float = 1.0

    @property
    def target(self) -> str:
        """`cluster/namespace/service`, with the cluster of the client: whose timeout it is."""
        workload = self.service.workload
        return f"{self.client.cluster}/{workload.namespace}/{workload.name}"


@dataclass(frozen=True)
class Gap:
    """A span in which a cluster's proxies are not scraped."""

    cluster: str
    start_hour: float
    hours: float


@dataclass(frozen=True)
class Truth:
    """A mesh and its week.

    Attributes:
        seed: of the hour-to-hour jitter, which belongs to the truth and not to the sampling.
        start_hour_of_week: 0 is Monday 00:00 UTC.
        envoy_stats: whether the mesh is told to show Envoy's statistics of upstream clusters.
    """

    edges: tuple[Edge, ...]
    gaps: tuple[Gap, ...] = ()
    seed: int = 0
    start_hour_of_week: int = 0
    envoy_stats: bool = False
    name: str = field(default="mesh", compare=False)

    def starting(self, start: datetime) -> Truth:
        """The same mesh in a window that starts then."""
        at = start.astimezone(UTC)
        return replace(self, start_hour_of_week=at.weekday() * 24 + at.hour)

    @property
    def targets(self) -> tuple[str, ...]:
        """Paths of all targets, sorted."""
        return tuple(sorted({edge.target for edge in self.edges}))

    def edges_of(self, target: str) -> tuple[tuple[int, Edge], ...]:
        """The calls to a target, each with its position in `edges`.

        Raises:
            KeyError: no such target.
        """
        found = tuple((i, e) for i, e in enumerate(self.edges) if e.target == target)
        if not found:
            raise KeyError(target)
        return found

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """All workloads, sorted by cluster, namespace and name."""
        every = {e.client for e in self.edges} | {e.service.workload for e in self.edges}
        return tuple(sorted(every, key=lambda w: (w.cluster, w.namespace, w.name)))
