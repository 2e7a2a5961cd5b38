"""Which calls a caller's timeout has to outlast, and the work that the caller does beside them.

The formulas stand in docs/method-plan.md, "Timeouts".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from observe.signals.latency import TargetLatency
from observe.stats.histogram import Histogram, merge
from observe.stats.quantile import fraction_above, quantile

#: Calls made by a smaller multiple of the false-timeout rate bound nobody: the caller's quantile
#: does not reach the slowest tenth of their answers.
COUNTS_FROM = 10.0
#: A call is part of the typical request when so many requests make it.
_TYPICAL = 0.5
#: Of the answers slower than the callee's median that must show in the caller for it to wait.
_SHOWS = 0.25
#: Requests that would have to show before their absence says anything.
_ENOUGH = 30.0


@dataclass(frozen=True)
class Durations:
    """What is compared of a target: medians in ms, over the whole window."""

    median_ms: float
    ended: Histogram


def calls_that_bound(
    graph: nx.DiGraph[str], latencies: Mapping[str, TargetLatency], rate: float
) -> nx.DiGraph[str]:
    """The calls that a caller's timeout has to outlast.

    A call counts when at least ten times the false-timeout rate of the caller's requests make it,
    and unless the caller's own durations show that it does not wait for the answer.

    Args:
        graph: the call graph; an edge's `per_request` is the number of calls per request.
        latencies: durations by target path.
        rate: share of good requests that a timeout may cut.

    Returns:
        All targets, and the calls that count, each with `rest_ms`: the caller's median less the
        callee's where the call is part of the typical request; 0 where that is not known.
    """
    calls: nx.DiGraph[str] = nx.DiGraph()
    calls.add_nodes_from(sorted(graph))
    known: dict[str, Durations | None] = {
        path: _durations(latencies.get(path)) for path in sorted(graph)
    }
    for caller, callee, data in sorted(graph.edges(data=True), key=lambda edge: edge[:2]):
        share = min(1.0, float(data["per_request"]))
        here, there = known[caller], known[callee]
        if share < COUNTS_FROM * rate:
            continue
        if here is None or there is None:
            calls.add_edge(caller, callee, rest_ms=0.0)
        elif waits(here, there, share):
            calls.add_edge(caller, callee, rest_ms=rest_ms(here, there, share))
    return calls


def waits(caller: Durations, callee: Durations, share: float) -> bool:
    """Whether a caller's durations have room for the answers that it would wait for.

    Half of the answers take longer than the callee's median. A caller that waits for them is
    slower than that in half of the requests with a call; a quarter of these have to show, since a
    few requests may make most of the calls. What ended in whatever way counts as slow.
    """
    expected = share / 2.0
    if expected * caller.ended.total < _ENOUGH:
        return True
    return fraction_above(caller.ended, callee.median_ms).high >= _SHOWS * expected


def rest_ms(caller: Durations, callee: Durations, share: float) -> float:
    """What a caller typically does beside one call (ms)."""
    inside = callee.median_ms if share >= _TYPICAL else 0.0
    return max(0.0, caller.median_ms - inside)


def _durations(latency: TargetLatency | None) -> Durations | None:
    if latency is None:
        return None
    success = latency.histogram("success")
    if success.total <= 0:
        return None
    median = quantile(success, 0.5).value
    ended = merge(latency.histogram(g) for g in ("success", "censored", "failure", "left", "other"))
    return Durations(median, ended) if math.isfinite(median) else None
