"""Meshes drawn at random that fail in every way that retries, pools and ejections are about.

Seeds from :data:`observe.demo.random_mesh.BENCHMARK_SEEDS` on are reserved for benchmarks here,
too.
"""

from __future__ import annotations

import numpy as np

from observe.demo.failing import FailureProcess, Retries
from observe.demo.mixture import caller_of
from observe.demo.random_failures import Archetype, processes_of
from observe.demo.random_parts import (
    inner_calls,
    random_callees,
    random_latency,
    random_rhythm,
)
from observe.demo.truth import Edge, Service, Truth, Workload

#: Share of the services that are of each archetype.
ARCHETYPES: dict[Archetype, float] = {
    "healthy": 0.14,
    "connect": 0.13,
    "unavailable": 0.09,
    "bad_host": 0.12,
    "outage": 0.13,
    "overload": 0.13,
    "poison": 0.06,
    "after_work": 0.07,
    "mixed": 0.06,
    "stream": 0.03,
    "idle": 0.04,
}

#: Share of the services, those built first, that call nobody.
_LEAVES = 0.5
#: One service in so many is also called back by a service that it calls.
_CYCLE_EVERY = 15


def random_policy_mesh(seed: int, services: int = 50) -> Truth:
    """A mesh of known truth.

    Ranges: peak load 0.5-2,000 requests a second per outer edge (log-uniform), 0.0002-0.002 of
    idle services; medians 2-800 ms; 1-20 replicas (3-20 where one host of them fails); gateways of
    2-4 proxies and clients of 1-10, whose first proxy sends up to twice as much as the others;
    Istio's default retries in force for half of the services, none for the others; a timeout in
    force for 3 services in 10 at 3-20 times the p99.9; half of the workloads with containers;
    Envoy's statistics shown by half of the meshes; failures as
    :func:`observe.demo.random_failures.processes_of` says.

    Args:
        seed: of everything about the mesh.
        services: how many.
    """
    rng = np.random.default_rng(seed)
    built: list[Service] = []
    calls: list[list[tuple[float, Service]]] = []
    edges: list[Edge] = []
    stats = bool(rng.random() < 0.5)
    replicas = int(rng.integers(2, 5))
    gateway = Workload("main", "istio-system", "istio-ingressgateway", replicas, skew=_skew(rng))
    for number in range(services):
        kind: Archetype = list(ARCHETYPES)[rng.choice(len(ARCHETYPES), p=[*ARCHETYPES.values()])]
        callees: list[tuple[float, Service]] = []
        if number >= services * _LEAVES and kind not in ("stream", "idle"):
            callees = random_callees(rng, built)
        service = _service(rng, f"svc-{number:03d}", kind, callees)
        built.append(service)
        calls.append(callees)
        edges += _clients(rng, service, kind, gateway)
    edges += inner_calls(built, calls, edges)
    edges += _back(rng, edges, {service.workload: service for service in built})
    return Truth(tuple(edges), seed=seed, name=f"policies-{seed}", envoy_stats=stats)


def _service(
    rng: np.random.Generator, name: str, kind: Archetype, callees: list[tuple[float, Service]]
) -> Service:
    latency = random_latency(rng, "stream" if kind == "stream" else "ordinary")
    if callees:
        latency = caller_of(latency, [(s, c.latency.scaled(1 + c.saturation)) for s, c in callees])
    grpc = kind == "unavailable" or (kind != "stream" and rng.random() < 0.25)
    replicas = int(rng.integers(3 if kind == "bad_host" else 1, 21))
    namespace = f"team-{rng.integers(0, 4)}"
    workload = Workload(
        "main", namespace, name, replicas, containers=bool(rng.random() < 0.5), skew=_skew(rng)
    )
    processes: tuple[FailureProcess, ...] = processes_of(rng, kind, grpc, replicas)
    limited = kind != "stream" and rng.random() < 0.3
    return Service(
        workload,
        latency,
        random_rhythm(rng),
        protocol="grpc" if grpc else "http",
        saturation=0.0 if callees or kind == "stream" else float(rng.uniform(0.0, 0.6)),
        power=float(rng.uniform(1.0, 4.0)),
        jitter=float(rng.uniform(0.01, 0.06)),
        processes=processes,
        retries=Retries() if rng.random() < 0.5 else Retries(attempts=0),
        timeout_ms=_timeout(rng, latency.quantile(0.999)) if limited else None,
        stream=kind == "stream",
        code="101" if kind == "stream" else "200",
        growth=float(np.exp(0.05 * rng.standard_normal())),
        drift=float(np.exp(0.02 * rng.standard_normal())),
    )


def _timeout(rng: np.random.Generator, tail_ms: float) -> float:
    return float(round(tail_ms * rng.uniform(3, 20)))


def _skew(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.0, 1.0))


def _rate(rng: np.random.Generator, kind: Archetype) -> float:
    low, high = (0.0002, 0.002) if kind == "idle" else (0.5, 2_000.0)
    if kind == "stream":
        high = 5.0
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _clients(
    rng: np.random.Generator, service: Service, kind: Archetype, gateway: Workload
) -> list[Edge]:
    """The gateway, a client inside the mesh, or both."""
    inside = Workload(
        "main",
        service.workload.namespace,
        f"web-{service.workload.name}",
        int(rng.integers(1, 11)),
        skew=_skew(rng),
    )
    who = rng.choice(3, p=[0.4, 0.35, 0.25])
    clients = ([gateway], [inside], [gateway, inside])[who]
    return [Edge(client, service, _rate(rng, kind)) for client in clients]


def _back(
    rng: np.random.Generator, edges: list[Edge], services: dict[Workload, Service]
) -> list[Edge]:
    """Calls of some services back to one that calls them: 2 % as many, so the loop is closed."""
    inner = [edge for edge in edges if edge.client in services]
    count = min(len(inner), len(services) // _CYCLE_EVERY)
    chosen = rng.permutation(len(inner))[:count]
    return [
        Edge(inner[i].service.workload, services[inner[i].client], 0.02 * inner[i].peak_rps)
        for i in chosen
    ]
