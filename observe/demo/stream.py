"""Requests of one edge that end in one way: how many, how long they take, what both ends report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.demo.mixture import Mixture, constant
from observe.demo.truth import CLIENT_SIDE_FLAGS, Service
from observe.stats.histogram import ISTIO_BUCKETS_MS

Floats = NDArray[np.float64]

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
        hosts: share of them that each of the server's replicas has; None: the same for all.
        tries: what the client's proxy sent, the last one included, where that is more than the
            request itself; their `expected` is that of the requests.
        retries: how many of the tries were retries.
    """

    outcome: Outcome
    expected: Floats
    latency: Mixture
    scale: Floats
    cut_ms: float | None = None
    hosts: tuple[float, ...] | None = None
    tries: tuple[Stream, ...] | None = None
    retries: int = 0

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

    @property
    def served(self) -> tuple[Stream, ...]:
        """The tries that reached the server, each a stream whose `server_outcome` is not None."""
        tries = (self,) if self.tries is None else self.tries
        return tuple(one for one in tries if one.server_outcome is not None)

    @property
    def mean_ms(self) -> Floats:
        """Mean duration in each hour, shape (H,)."""
        probability, mean = self.buckets(np.array([np.inf]))
        found: Floats = (probability * mean)[:, 0]
        return found

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
        total = probability.sum(axis=1, keepdims=True)
        # nothing ends so soon: there is nothing to share out
        return np.divide(probability, total, out=np.zeros_like(mean), where=total > 0), mean


def succeeding(service: Service, expected: Floats, scale: Floats) -> Iterator[Stream]:
    """Successes, and what the timeout in force makes of the slow ones."""
    outcome = Outcome(service.code, "-", "0" if service.protocol == "grpc" else "")
    if service.timeout_ms is None:
        yield Stream(outcome, expected, service.latency, scale)
        return
    # the weights of a mixture add up to one only as closely as floating point has it
    in_time = np.minimum(1.0, service.latency.cdf(service.timeout_ms / scale))[:, None]
    yield Stream(outcome, expected * in_time, service.latency, scale, service.timeout_ms)
    late = constant(service.timeout_ms + TIMEOUT_LAG_MS)
    yield Stream(Outcome("504", "UT", ""), expected * (1 - in_time), late, np.ones_like(scale))
