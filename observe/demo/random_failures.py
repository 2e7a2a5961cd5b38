"""Failure processes drawn at random, archetype by archetype."""

from __future__ import annotations

from typing import Literal

import numpy as np

from observe.demo.failing import FailureProcess
from observe.demo.mixture import Mixture, lognormal

Archetype = Literal[
    "healthy",
    "connect",
    "unavailable",
    "bad_host",
    "outage",
    "overload",
    "poison",
    "after_work",
    "mixed",
    "stream",
    "idle",
]

Spans = tuple[tuple[float, float], ...]

#: Hours of the window between which something happens.
_FIRST_HOUR, _LAST_HOUR = 6.0, 160.0
_MINUTE = 1 / 60


def processes_of(
    rng: np.random.Generator, kind: Archetype, grpc: bool, replicas: int
) -> tuple[FailureProcess, ...]:
    """What makes the tries of a service of this archetype fail.

    Ranges: connect and unavailable: 0.1-2 % of the tries, each by itself; bad_host: one of the
    hosts fails 50-100 % of its tries in 1-4 spans of 10 minutes to 4 hours, by refused connections
    or by 503; outage: all tries fail in 1-5 spans of 2-60 minutes (refused connections, no healthy
    host, 503, or gRPC's unavailable); overload: from 60-90 % of the everyday peak on, 10-60 % of
    the tries at twice that load, and everything up to five times slower (breaker, 503, 429, or
    gRPC's exhausted or unavailable); poison: 0.1-1 % of the requests, 500; after_work: 0.1-1 % of
    the tries, 500 or 503; mixed: connect and outage together. Healthy services: at most one try in
    a hundred thousand.

    Args:
        rng: source of randomness.
        kind: the archetype.
        grpc: whether the service speaks gRPC.
        replicas: hosts of the service.
    """
    if kind in ("connect", "unavailable"):
        return (_connect(rng) if kind == "connect" else _unavailable(rng),)
    if kind == "bad_host":
        return (_bad_host(rng, grpc, replicas),)
    if kind == "outage":
        return (_outage(rng, grpc),)
    if kind == "mixed":
        return (_connect(rng), _outage(rng, grpc))
    if kind == "overload":
        return (_overload(rng, grpc),)
    if kind in ("poison", "after_work"):
        return (_broken(rng, kind, grpc),)
    if kind == "healthy":
        return (FailureProcess("independent", "503", "UF", float(rng.uniform(0, 1e-5)), _FAST),)
    return ()


_FAST: Mixture = lognormal(2.0, 0.5)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _spans(rng: np.random.Generator, most: int, shortest: float, longest: float) -> Spans:
    """Some spans of the window (hours) that do not overlap, in order of time."""
    count = int(rng.integers(1, most + 1))
    places = (_LAST_HOUR - _FIRST_HOUR) / count
    found = []
    for place in range(count):
        length = min(_log_uniform(rng, shortest, longest), places * 0.9)
        start = _FIRST_HOUR + place * places + rng.uniform(0, places - length)
        found.append((float(start), float(length)))
    return tuple(found)


def _connect(rng: np.random.Generator) -> FailureProcess:
    return FailureProcess("independent", "503", "UF", _log_uniform(rng, 1e-3, 0.02), _FAST)


def _unavailable(rng: np.random.Generator) -> FailureProcess:
    chance = _log_uniform(rng, 1e-3, 0.02)
    return FailureProcess("independent", "200", "-", chance, _FAST, grpc_status="14")


def _bad_host(rng: np.random.Generator, grpc: bool, replicas: int) -> FailureProcess:
    spans = _spans(rng, 4, 10 * _MINUTE, 4.0)
    chance = float(rng.uniform(0.5, 1.0))
    hosts = min(1, replicas - 1)
    if rng.random() < 0.5:
        return FailureProcess("bad_host", "503", "UF", chance, _FAST, active=spans, bad_hosts=hosts)
    code, status = ("200", "14") if grpc else ("503", "")
    return FailureProcess(
        "bad_host", code, "-", chance, _FAST, status, active=spans, bad_hosts=hosts
    )


def _outage(rng: np.random.Generator, grpc: bool) -> FailureProcess:
    spans = _spans(rng, 5, 2 * _MINUTE, 1.0)
    ways = [("503", "UF", ""), ("503", "UH", ""), ("200", "-", "14") if grpc else ("503", "-", "")]
    code, flags, status = ways[rng.integers(0, 3)]
    return FailureProcess("outage", code, flags, 1.0, _FAST, status, active=spans)


def _overload(rng: np.random.Generator, grpc: bool) -> FailureProcess:
    plain = [("503", "UO", ""), ("503", "-", ""), ("429", "-", "")]
    rpc = [("503", "UO", ""), ("200", "-", "8"), ("200", "-", "14")]
    code, flags, status = (rpc if grpc else plain)[rng.integers(0, 3)]
    return FailureProcess(
        "overload",
        code,
        flags,
        float(rng.uniform(0.1, 0.6)),
        _FAST,
        status,
        knee=float(rng.uniform(0.6, 0.9)),
        slowdown=float(rng.uniform(0.5, 4.0)),
    )


def _broken(rng: np.random.Generator, kind: Archetype, grpc: bool) -> FailureProcess:
    nature: Literal["poison", "after_work"] = "poison" if kind == "poison" else "after_work"
    chance = _log_uniform(rng, 1e-3, 0.01)
    slow = lognormal(30.0, 0.5)
    if grpc:
        return FailureProcess(nature, "200", "-", chance, slow, grpc_status="13")
    code = "500" if kind == "poison" or rng.random() < 0.5 else "503"
    return FailureProcess(nature, code, "-", chance, slow)
