"""Meshes drawn at random from documented ranges, for benchmarks against known truth.

Seeds from 10,000 on are reserved for benchmarks; no test uses them, so that nothing is tuned to
them unnoticed.
"""

from __future__ import annotations

import numpy as np

from observe.demo.mixture import Mixture, caller_of, lognormal
from observe.demo.random_parts import (
    inner_calls,
    random_callees,
    random_latency,
    random_rate,
    random_rhythm,
)
from observe.demo.truth import Edge, Failure, Incident, Service, Truth, Workload

#: First seed that belongs to benchmarks alone.
BENCHMARK_SEEDS = 10_000

#: Share of the services that are of each kind; the rest is ordinary.
KINDS = {
    "stream": 0.04,
    "long_poll": 0.03,
    "barely_used": 0.06,
    "censored": 0.05,
    "loose": 0.10,
    "incident": 0.10,
    "unmeshed": 0.02,
}

#: Share of the services, those built first, that call nobody.
_LEAVES = 0.5


def random_mesh(seed: int, services: int = 50) -> Truth:
    """A mesh of known truth.

    Ranges: medians 2 - 800 ms (log-uniform); lognormal sigma 0.25-0.75; gamma shape 1.5-6;
    slow part of bimodal services 1-20 % and 4-30 times slower, around 3 s at most; Pareto part
    1-5 % with alpha 1.7-3; peak load 0.03-40 requests a second per edge (log-uniform); night load
    0.1-0.6; weekend 0.4-1.2; Monday 1-1.5; services that call no other slower by 0-60 % at peak;
    a caller waits for one of 1-3 callees in half to all of its requests; hour-to-hour jitter 1-6 %;
    traffic from week to week within some 5 %, latency within some 2 %.

    Args:
        seed: of everything about the mesh; see the module about reserved ones.
        services: how many.
    """
    rng = np.random.default_rng(seed)
    built: list[Service] = []
    calls: list[list[tuple[float, Service]]] = []
    edges: list[Edge] = []
    for number in range(services):
        kind = _kind(rng)
        callees: list[tuple[float, Service]] = []
        if number >= services * _LEAVES and kind in ("ordinary", "loose"):
            callees = random_callees(rng, built)
        service = _service(rng, f"svc-{number:03d}", kind, callees)
        built.append(service)
        calls.append(callees)
        edges += _clients(rng, service, kind)
    return Truth(tuple(edges + inner_calls(built, calls, edges)), seed=seed, name=f"random-{seed}")


def _kind(rng: np.random.Generator) -> str:
    names = [*KINDS, "ordinary"]
    shares = [*KINDS.values(), 1 - sum(KINDS.values())]
    return str(rng.choice(names, p=shares))


def _service(
    rng: np.random.Generator, name: str, kind: str, callees: list[tuple[float, Service]]
) -> Service:
    latency = random_latency(rng, kind)
    if callees:
        # A caller waits for its callees as they are when they are busy, not when they are idle.
        waits = [(share, c.latency.scaled(1.0 + c.saturation)) for share, c in callees]
        latency = caller_of(latency, waits)
    saturation = 0.0 if callees else float(rng.uniform(0.0, 0.6))
    return Service(
        Workload("main", f"team-{rng.integers(0, 4)}", name),
        latency,
        random_rhythm(rng),
        protocol="grpc" if kind == "ordinary" and rng.random() < 0.25 else "http",
        saturation=0.0 if kind in ("stream", "long_poll") else saturation,
        power=float(rng.uniform(1.0, 4.0)),
        jitter=float(rng.uniform(0.01, 0.06)),
        failures=_failures(rng, kind),
        incidents=_incidents(rng, latency) if kind == "incident" else (),
        timeout_ms=_timeout(rng, kind, latency),
        stream=kind == "stream",
        long_poll=kind == "long_poll",
        code="101" if kind == "stream" else "200",
        growth=float(np.exp(0.05 * rng.standard_normal())),
        drift=float(np.exp(0.02 * rng.standard_normal())),
    )


def _failures(rng: np.random.Generator, kind: str) -> tuple[Failure, ...]:
    if kind == "stream":
        return (Failure("101", "DC", float(rng.uniform(0.2, 0.6)), lognormal(120_000, 1.0)),)
    found = []
    if rng.random() < 0.4:
        share = float(np.exp(rng.uniform(np.log(1e-4), np.log(5e-3))))
        found.append(Failure("503", "UF", share, lognormal(3, 0.5)))
    if rng.random() < 0.3:
        share = float(np.exp(rng.uniform(np.log(1e-4), np.log(1e-2))))
        found.append(Failure("404", "-", share, lognormal(4, 0.5)))
    return tuple(found)


def _incidents(rng: np.random.Generator, latency: Mixture) -> tuple[Incident, ...]:
    share = float(rng.uniform(0.05, 0.4))
    failure = Failure("503", "UC", share, lognormal(latency.quantile(0.9), 0.5))
    first = float(rng.integers(30 * 4, 150 * 4)) / 4
    length = float(rng.integers(2, 9)) / 4
    return (Incident(first, length, float(rng.uniform(3, 10)), failure),)


def _timeout(rng: np.random.Generator, kind: str, latency: Mixture) -> float | None:
    """In force: one that cuts 0.5-5 % of the requests at load 0, or one 5-50 times too long."""
    if kind == "censored":
        return float(round(latency.quantile(1 - float(rng.uniform(0.005, 0.05)))) or 1)
    if kind == "loose":
        return float(round(latency.quantile(0.999) * float(rng.uniform(5, 50))))
    return None


def _clients(rng: np.random.Generator, service: Service, kind: str) -> list[Edge]:
    """One or two clients from outside the mesh of random services."""
    namespace = service.workload.namespace
    if kind == "unmeshed":
        job = Workload("main", namespace, f"job-{service.workload.name}", sidecar=False)
        return [Edge(job, service, random_rate(rng))]
    if kind == "barely_used":
        rate = float(np.exp(rng.uniform(np.log(0.0002), np.log(0.002))))
        return [Edge(Workload("main", "ops", "back-office"), service, rate)]
    gateway = Workload("main", "istio-system", "istio-ingressgateway")
    found = [Edge(gateway, service, random_rate(rng))]
    if rng.random() < 0.4:
        batch = Workload("main", namespace, f"batch-{service.workload.name}")
        found.append(Edge(batch, service, random_rate(rng), slowness=float(rng.uniform(1.0, 1.3))))
    return found
