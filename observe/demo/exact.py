"""What is true about a mesh, computed from its formulas and not from samples.

The truth is about successful requests as they would be if nothing cut them off: injected faults,
failures, clients that gave up and incidents are no part of it, and an existing timeout does not
shorten the tail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from observe.demo.mixture import invert
from observe.demo.process import arrivals, slowness
from observe.demo.rhythm import HOURS_PER_WEEK
from observe.demo.truth import Edge, Truth
from observe.recommend.reasons import Reason

Floats = NDArray[np.float64]
Which = Literal["busiest", "all"]

#: Share of the hours that count as the busiest: the default of the timeout policy.
BUSIEST_SHARE = 0.10

#: From this share of answers slower than this (ms) on, a service may pass for a long poll.
_LONG_POLL_MS, _SLOW_HABIT = 10_000.0, 0.02

#: Verdicts within this factor of a threshold may go either way.
_MARGIN = 2.0


@dataclass(frozen=True)
class Expectation:
    """What a good recommender does with a target.

    Attributes:
        verdict: "recommend", "withhold", or "either" where the data sits on a threshold.
        reasons: reason codes that a withheld one may carry.
    """

    verdict: Literal["recommend", "withhold", "either"]
    reasons: frozenset[Reason] = frozenset()


@dataclass(frozen=True)
class _Pool:
    """The requests of some edges in some hours, as weights and scales per edge and hour."""

    edges: tuple[Edge, ...]
    weights: Floats
    scales: Floats

    def cdf(self, t_ms: float) -> float:
        """Share of the requests that take at most this long."""
        total = 0.0
        for edge, weight, scale in zip(self.edges, self.weights, self.scales, strict=True):
            total += float(weight @ edge.service.latency.cdf(t_ms / scale))
        return total / float(self.weights.sum())


def true_quantile(truth: Truth, target: str, q: float, hours: Which = "busiest") -> float:
    """The duration (ms) that a share q of the target's requests does not exceed.

    Args:
        truth: the mesh; use :meth:`Truth.starting` when it has surges.
        target: `cluster/namespace/service`.
        q: level, 0-1.
        hours: over the busiest tenth of the week's hours, or over all of them.
    """
    return invert(_pool(truth, target, hours).cdf, q)


def true_edge_quantile(truth: Truth, edge: int, q: float, hours: Which = "busiest") -> float:
    """The same for one edge, given by its position in `truth.edges`."""
    return invert(_pool_of(truth, (truth.edges[edge],), hours, 0).cdf, q)


def true_fraction_above(
    truth: Truth, target: str, t_ms: float, week: int = 0, hours: Which = "all"
) -> float:
    """Share of the target's requests that take longer than t: what a timeout t cuts.

    Args:
        truth: the mesh.
        target: `cluster/namespace/service`.
        t_ms: the timeout.
        week: 0 is the window, 1 the week after it.
        hours: weigh all hours of the week by their requests, or only the busiest tenth.
    """
    return 1.0 - _pool(truth, target, hours, week).cdf(t_ms)


def expected_successes(truth: Truth, target: str) -> float:
    """Requests of the week that are expected to succeed, before any timeout."""
    return float(_pool(truth, target, "all").weights.sum())


def expectation(truth: Truth, target: str, *, false_timeout_rate: float = 0.001) -> Expectation:
    """What a recommender should do with a target.

    Args:
        truth: the mesh.
        target: `cluster/namespace/service`.
        false_timeout_rate: as in the policy; a tail is judged from 3 / rate requests on.
    """
    edges = [edge for _, edge in truth.edges_of(target)]
    service = edges[0].service
    if not any(edge.client.sidecar for edge in edges):
        return Expectation("withhold", frozenset({Reason.SOURCE_WITHOUT_METRICS}))
    if service.stream:
        return Expectation("withhold", frozenset({Reason.STREAM, Reason.LONG_POLL}))
    if service.long_poll:
        return Expectation("withhold", frozenset({Reason.LONG_POLL, Reason.STREAM}))
    needed = 3.0 / false_timeout_rate
    few = frozenset({Reason.TOO_FEW_REQUESTS})
    seen = expected_successes(truth, target)
    if seen < needed / _MARGIN:
        return Expectation("withhold", few)
    cut = 0.0
    if service.timeout_ms is not None:
        cut = true_fraction_above(truth, target, service.timeout_ms, hours="busiest")
    censored = frozenset({Reason.CENSORED_TAIL})
    if cut > false_timeout_rate * _MARGIN:
        return Expectation("withhold", censored)
    slow = true_fraction_above(truth, target, _LONG_POLL_MS)
    doubts = (
        (few if seen < needed * _MARGIN else frozenset())
        | (censored if cut > false_timeout_rate / _MARGIN else frozenset())
        | (frozenset({Reason.LONG_POLL}) if slow > _SLOW_HABIT else frozenset())
    )
    return Expectation("either" if doubts else "recommend", doubts)


def _pool(truth: Truth, target: str, hours: Which, week: int = 0) -> _Pool:
    edges = tuple(edge for _, edge in truth.edges_of(target) if edge.client.sidecar)
    if not edges:  # no client reports: the servers' view is all there is
        edges = tuple(edge for _, edge in truth.edges_of(target))
    return _pool_of(truth, edges, hours, week)


def _pool_of(truth: Truth, edges: tuple[Edge, ...], hours: Which, week: int) -> _Pool:
    at = np.arange(HOURS_PER_WEEK) + week * HOURS_PER_WEEK
    weights = np.array([_successes(truth, edge, at) for edge in edges])
    scales = np.array([slowness(truth, edge, at) for edge in edges])
    if hours == "busiest":
        count = max(1, round(BUSIEST_SHARE * HOURS_PER_WEEK))
        top = np.argsort(-weights.sum(axis=0), kind="stable")[:count]
        weights, scales = weights[:, top], scales[:, top]
    return _Pool(edges, weights, scales)


def _successes(truth: Truth, edge: Edge, hours: NDArray[np.int64]) -> Floats:
    lost = sum(f.fraction for f in edge.service.failures if not f.active)
    successes: Floats = arrivals(truth, edge, hours).sum(axis=1) * (1 - lost)
    return successes
