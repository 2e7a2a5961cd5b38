"""From a truth to what the proxies count: expected requests per outcome, and how long they take.

Both the tidy frames and the raw counters are drawn from these streams, so they share one law:
requests arrive as a Poisson process, and each falls into a bucket independently.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.demo.mixture import Mixture, constant
from observe.demo.rhythm import CELLS, HOURS_PER_WEEK
from observe.demo.truth import CLIENT_SIDE_FLAGS, Edge, Failure, Incident, Service, Truth
from observe.stats.histogram import ISTIO_BUCKETS_MS

Floats = NDArray[np.float64]
Hours = NDArray[np.int64]

CELL_SECONDS = 3600 // CELLS

#: Upper bounds of the latency buckets, ms.
BOUNDS: Floats = np.array(ISTIO_BUCKETS_MS)

#: The server works on a request for this share of the time that its client waits.
SERVER_SHARE = 0.96

#: Envoy notices that a timeout has passed this much later.
TIMEOUT_LAG_MS = 1.0


@dataclass(frozen=True)
class Outcome:
    """What tells one request outcome from another: response code, flags and gRPC status."""

    code: str
    flags: str
    grpc_status: str


@dataclass(frozen=True)
class Stream:
    """Requests of one edge that end in one way, over some hours (H of them).

    Attributes:
        expected: requests expected in each five minutes, shape (H, 12).
        latency: how long they take at scale 1.
        scale: factor on the duration in each hour, shape (H,).
        cut_ms: no duration is longer: the others ended otherwise.
    """

    outcome: Outcome
    expected: Floats
    latency: Mixture
    scale: Floats
    cut_ms: float | None = None

    @property
    def server_outcome(self) -> Outcome | None:
        """The same end as the server's proxy reports it; None when it never saw the request."""
        if self.outcome.flags in CLIENT_SIDE_FLAGS:
            return None
        if self.outcome.flags == "UT":  # the client's proxy hung up
            return Outcome("0", "DC", "")
        if self.outcome.flags == "DI":
            return Outcome(self.outcome.code, "-", self.outcome.grpc_status)
        return self.outcome

    def buckets(self, bounds: Floats, factor: float = 1.0) -> tuple[Floats, Floats]:
        """Where durations fall.

        Args:
            bounds: upper bounds in ms, shape (B,), the last one inf.
            factor: of the durations, such as :data:`SERVER_SHARE`.

        Returns:
            Probability of each bucket and mean duration (ms) in it, both of shape (H, B).
        """
        scale = self.scale[:, None] * factor
        ends = np.where(np.isinf(bounds), 1e12, bounds)[None, :]
        if self.cut_ms is not None:
            ends = np.minimum(ends, self.cut_ms * factor)
        cdf = self.latency.cdf(ends / scale)
        partial = self.latency.partial_mean(ends / scale) * scale
        probability = np.maximum(0.0, np.diff(cdf, axis=1, prepend=0.0))
        share = np.diff(partial, axis=1, prepend=0.0)
        mean = np.divide(share, probability, out=np.zeros_like(share), where=probability > 1e-15)
        return probability / probability.sum(axis=1, keepdims=True), mean


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
    return [*_everyday(edge, expected * calm, scale, hours), *found]


def _everyday(edge: Edge, expected: Floats, scale: Floats, hours: Hours) -> Iterator[Stream]:
    good = np.ones_like(expected)
    for failure in edge.service.failures:
        share = failure.fraction * (_active(hours, failure.active) if failure.active else 1.0)
        good = good - share
        yield _failing(failure, expected * share, scale)
    yield from _succeeding(edge.service, expected * good, scale)


def _incident(edge: Edge, incident: Incident, expected: Floats, scale: Floats) -> Iterator[Stream]:
    slow = scale * incident.slowdown
    yield _failing(incident.failure, expected * incident.failure.fraction, slow)
    yield from _succeeding(edge.service, expected * (1 - incident.failure.fraction), slow)


def _failing(failure: Failure, expected: Floats, scale: Floats) -> Stream:
    outcome = Outcome(failure.code, failure.flags, failure.grpc_status)
    return Stream(outcome, expected, failure.latency, scale)


def _succeeding(service: Service, expected: Floats, scale: Floats) -> Iterator[Stream]:
    """Successes, and what the timeout in force makes of the slow ones."""
    outcome = Outcome(service.code, "-", "0" if service.protocol == "grpc" else "")
    if service.timeout_ms is None:
        yield Stream(outcome, expected, service.latency, scale)
        return
    in_time = service.latency.cdf(service.timeout_ms / scale)[:, None]
    yield Stream(outcome, expected * in_time, service.latency, scale, service.timeout_ms)
    late = constant(service.timeout_ms + TIMEOUT_LAG_MS)
    yield Stream(Outcome("504", "UT", ""), expected * (1 - in_time), late, np.ones_like(scale))


def _active(hours: Hours, spans: tuple[tuple[float, float], ...]) -> Floats:
    """1 in the five minutes that lie in one of the spans (first hour, hours), else 0."""
    at = hours[:, None] + np.arange(CELLS) / CELLS
    inside = np.zeros(at.shape, dtype=bool)
    for first, length in spans:
        inside |= (at >= first - 1e-9) & (at < first + length - 1e-9)
    return inside.astype(np.float64)
