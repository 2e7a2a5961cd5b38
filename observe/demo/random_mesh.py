"""Meshes drawn at random from documented ranges, for benchmarks against known truth.

Seeds from 10,000 on are reserved for benchmarks; no test uses them, so that nothing is tuned to
them unnoticed.
"""

from __future__ import annotations

import numpy as np

from observe.demo.mixture import Mixture, caller_of, gamma, lognormal, mix, pareto
from observe.demo.rhythm import Rhythm
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
#: A slow mode lies around this at most, or at four times the median (ms).
_SLOWEST_MODE_MS = 3_000.0

#: Callers of services with more components than this would make slow truths.
_MOST_COMPONENTS = 6


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
            callees = _callees(rng, built)
        service = _service(rng, f"svc-{number:03d}", kind, callees)
        built.append(service)
        calls.append(callees)
        edges += _clients(rng, service, kind)
    return Truth(tuple(edges + _inner(built, calls, edges)), seed=seed, name=f"random-{seed}")


def _inner(
    built: list[Service], calls: list[list[tuple[float, Service]]], outer: list[Edge]
) -> list[Edge]:
    """Calls between services: as many as the callers' requests cause, callers first.

    A caller's latency holds a callee's in a share of its requests; the traffic must say the same.
    """
    arriving = dict.fromkeys((s.workload for s in built), 0.0)
    for edge in outer:
        arriving[edge.service.workload] += edge.peak_rps
    found: list[Edge] = []
    for service, callees in zip(reversed(built), reversed(calls), strict=True):
        for share, callee in callees:
            rate = share * arriving[service.workload]
            arriving[callee.workload] += rate
            found.append(Edge(service.workload, callee, rate))
    return found


def _kind(rng: np.random.Generator) -> str:
    names = [*KINDS, "ordinary"]
    shares = [*KINDS.values(), 1 - sum(KINDS.values())]
    return str(rng.choice(names, p=shares))


def _callees(rng: np.random.Generator, built: list[Service]) -> list[tuple[float, Service]]:
    plain = [
        s
        for s in built
        if not (s.stream or s.long_poll) and len(s.latency.components) <= _MOST_COMPONENTS
    ]
    count = min(len(plain), int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2])))
    chosen = rng.choice(len(plain), count, replace=False)
    # Most requests of a service that calls others wait for one of them, none is called rarely.
    shares = rng.dirichlet(np.full(count, 5.0)) * rng.uniform(0.5, 1.0)
    return [(float(share), plain[i]) for share, i in zip(shares, chosen, strict=True)]


def _service(
    rng: np.random.Generator, name: str, kind: str, callees: list[tuple[float, Service]]
) -> Service:
    latency = _latency(rng, kind)
    if callees:
        # A caller waits for its callees as they are when they are busy, not when they are idle.
        waits = [(share, c.latency.scaled(1.0 + c.saturation)) for share, c in callees]
        latency = caller_of(latency, waits)
    saturation = 0.0 if callees else float(rng.uniform(0.0, 0.6))
    return Service(
        Workload("main", f"team-{rng.integers(0, 4)}", name),
        latency,
        _rhythm(rng),
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


def _latency(rng: np.random.Generator, kind: str) -> Mixture:
    if kind == "stream":
        return lognormal(float(rng.uniform(60_000, 1_800_000)), float(rng.uniform(0.5, 1.5)))
    if kind == "long_poll":
        wait = float(rng.uniform(20_000, 55_000))
        return mix((0.8, gamma(wait, 4_000)), (0.2, lognormal(wait / 4, 0.7)))
    median = float(np.exp(rng.uniform(np.log(2), np.log(800))))
    shape = rng.choice(["lognormal", "gamma", "bimodal", "pareto"], p=[0.4, 0.15, 0.3, 0.15])
    if shape == "gamma":
        return gamma(median, float(rng.uniform(1.5, 6)))
    usual = lognormal(median, float(rng.uniform(0.25, 0.75)))
    if shape == "bimodal":
        slower = max(4.0, min(float(rng.uniform(4, 30)), _SLOWEST_MODE_MS / median))
        slow = lognormal(median * slower, float(rng.uniform(0.25, 0.6)))
        share = float(rng.uniform(0.01, 0.2))
        return mix((1 - share, usual), (share, slow))
    if shape == "pareto":
        share = float(rng.uniform(0.01, 0.05))
        tail = pareto(median * float(rng.uniform(2, 4)), float(rng.uniform(1.7, 3)))
        return mix((1 - share, usual), (share, tail))
    return usual


def _rhythm(rng: np.random.Generator) -> Rhythm:
    return Rhythm(
        night=float(rng.uniform(0.1, 0.6)),
        peak_hour=float(rng.integers(0, 24)),
        weekend=float(rng.uniform(0.4, 1.2)),
        monday=float(rng.uniform(1.0, 1.5)),
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


def _rate(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(0.03), np.log(40))))


def _clients(rng: np.random.Generator, service: Service, kind: str) -> list[Edge]:
    """One or two clients from outside the mesh of random services."""
    namespace = service.workload.namespace
    if kind == "unmeshed":
        job = Workload("main", namespace, f"job-{service.workload.name}", sidecar=False)
        return [Edge(job, service, _rate(rng))]
    if kind == "barely_used":
        rate = float(np.exp(rng.uniform(np.log(0.0002), np.log(0.002))))
        return [Edge(Workload("main", "ops", "back-office"), service, rate)]
    gateway = Workload("main", "istio-system", "istio-ingressgateway")
    found = [Edge(gateway, service, _rate(rng))]
    if rng.random() < 0.4:
        batch = Workload("main", namespace, f"batch-{service.workload.name}")
        found.append(Edge(batch, service, _rate(rng), slowness=float(rng.uniform(1.0, 1.3))))
    return found
