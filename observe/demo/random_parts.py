"""What random meshes are made of: latencies, rhythms, rates, and calls among their services."""

from __future__ import annotations

import numpy as np

from observe.demo.mixture import Mixture, gamma, lognormal, mix, pareto
from observe.demo.rhythm import Rhythm
from observe.demo.truth import Edge, Service

#: A slow mode lies around this at most, or at four times the median (ms).
_SLOWEST_MODE_MS = 3_000.0

#: Callers of services with more components than this would make slow truths.
_MOST_COMPONENTS = 6


def random_rhythm(rng: np.random.Generator) -> Rhythm:
    """Night load 0.1-0.6, weekend 0.4-1.2, Monday 1-1.5, the peak at any hour."""
    return Rhythm(
        night=float(rng.uniform(0.1, 0.6)),
        peak_hour=float(rng.integers(0, 24)),
        weekend=float(rng.uniform(0.4, 1.2)),
        monday=float(rng.uniform(1.0, 1.5)),
    )


def random_rate(rng: np.random.Generator) -> float:
    """0.03-40 requests a second, log-uniform."""
    return float(np.exp(rng.uniform(np.log(0.03), np.log(40))))


def random_latency(rng: np.random.Generator, kind: str) -> Mixture:
    """Durations at load 0: of a stream, a long poll, or any of the ordinary shapes."""
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


def random_callees(rng: np.random.Generator, built: list[Service]) -> list[tuple[float, Service]]:
    """One to three of the services, each with the share of the requests that wait for it."""
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


def inner_calls(
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
