"""From a truth to what the proxies count: expected requests per outcome, and how long they take.

Both the tidy frames and the raw counters are drawn from these streams, so they share one law:
requests arrive as a Poisson process, and each falls into a bucket independently.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from observe.demo.rhythm import CELLS, HOURS_PER_WEEK
from observe.demo.stream import Floats, Outcome, Stream, succeeding
from observe.demo.tries import tried
from observe.demo.truth import Edge, Failure, Incident, Service, Truth

Hours = NDArray[np.int64]

CELL_SECONDS = 3600 // CELLS


def load_of(truth: Truth, service: Service, hours: Hours) -> Floats:
    """Load of a service relative to its everyday peak, shape (H, 12)."""
    return service.rhythm.load(hours, truth.start_hour_of_week)


def arrivals(truth: Truth, edge: Edge, hours: Hours) -> Floats:
    """Requests expected in each five minutes of some hours, shape (H, 12)."""
    growth = edge.service.growth ** (hours // HOURS_PER_WEEK)
    load = load_of(truth, edge.service, hours)
    expected: Floats = edge.peak_rps * CELL_SECONDS * load * growth[:, None]
    return expected


def slowness(truth: Truth, edge: Edge, hours: Hours) -> Floats:
    """Factor on the durations in each hour, incidents left out, shape (H,)."""
    service = edge.service
    load = load_of(truth, service, hours).mean(axis=1)
    week = hours // HOURS_PER_WEEK
    slower = 1 + service.saturation * load**service.power
    scale: Floats = edge.slowness * slower * service.drift**week
    for process in service.processes:
        if process.nature == "overload":
            scale = scale * (1 + process.slowdown * np.maximum(0.0, load / process.knee - 1))
    return scale * _jitter(truth, service, hours)


def _jitter(truth: Truth, service: Service, hours: Hours) -> Floats:
    """Lognormal noise, fixed by the truth's seed, the service and the hour of the week."""
    name = f"{service.workload.cluster}/{service.host}"
    clock = (hours + truth.start_hour_of_week) % HOURS_PER_WEEK
    jitter = np.ones(len(hours))
    for week in np.unique(hours // HOURS_PER_WEEK):
        rng = np.random.default_rng([truth.seed, zlib.crc32(name.encode()), int(week)])
        noise = np.exp(service.jitter * rng.standard_normal(HOURS_PER_WEEK))
        mask = hours // HOURS_PER_WEEK == week
        jitter[mask] = noise[clock[mask]]
    return jitter


def streams(truth: Truth, edge: Edge, hours: Hours) -> list[Stream]:
    """All ends that the requests of an edge come to, incidents included."""
    expected, scale = arrivals(truth, edge, hours), slowness(truth, edge, hours)
    calm = np.ones_like(expected)
    found: list[Stream] = []
    for incident in edge.service.incidents:
        active = _active(hours, ((incident.start_hour, incident.hours),))
        calm = calm - active
        if active.any():
            found += _incident(edge, incident, expected * active, scale)
    if edge.service.processes or edge.service.retries:
        load = load_of(truth, edge.service, hours)
        return [*tried(edge, expected * calm, load, scale, hours), *found]
    return [*_everyday(edge, expected * calm, scale, hours), *found]


def _everyday(edge: Edge, expected: Floats, scale: Floats, hours: Hours) -> Iterator[Stream]:
    good = np.ones_like(expected)
    for failure in edge.service.failures:
        share = failure.fraction * (_active(hours, failure.active) if failure.active else 1.0)
        good = good - share
        yield _failing(failure, expected * share, scale)
    yield from succeeding(edge.service, expected * good, scale)


def _incident(edge: Edge, incident: Incident, expected: Floats, scale: Floats) -> Iterator[Stream]:
    slow = scale * incident.slowdown
    yield _failing(incident.failure, expected * incident.failure.fraction, slow)
    yield from succeeding(edge.service, expected * (1 - incident.failure.fraction), slow)


def _failing(failure: Failure, expected: Floats, scale: Floats) -> Stream:
    outcome = Outcome(failure.code, failure.flags, failure.grpc_status)
    return Stream(outcome, expected, failure.latency, scale)


def _active(hours: Hours, spans: tuple[tuple[float, float], ...]) -> Floats:
    """1 in the five minutes that lie in one of the spans (first hour, hours), else 0."""
    at = hours[:, None] + np.arange(CELLS) / CELLS
    inside = np.zeros(at.shape, dtype=bool)
    for first, length in spans:
        inside |= (at >= first - 1e-9) & (at < first + length - 1e-9)
    return inside.astype(np.float64)
