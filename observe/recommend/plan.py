"""Makes the recommendations agree with one another along the call graph.

A caller must wait at least as long as its callee is allowed to take, else the callee's timeout
never acts and its answers are thrown away. In Istio a route's timeout includes all its tries, so
the callee's timeout alone is the bound.
"""

from __future__ import annotations

import networkx as nx

from observe.durations import istio_duration, parse_duration
from observe.recommend.model import PlanChange, Recommendation
from observe.recommend.policy import Policy
from observe.recommend.reasons import Reason


def agree(
    recommendations: list[Recommendation], graph: nx.DiGraph[str], policy: Policy
) -> tuple[list[Recommendation], list[PlanChange]]:
    """Raise callers to their callees, callees first; services in a cycle share the longest.

    Args:
        recommendations: proposals, each for one target.
        graph: the call graph; an edge's `per_request` is the number of calls per request.
        policy: calls rarer than the accepted false-timeout rate do not count, since a caller's
            timeout may cut as many requests anyway.

    Returns:
        The recommendations in the same order, and what was changed.
    """
    by_path = {r.target.path: r for r in recommendations if r.kind == "timeout"}
    timeouts = {path: parse_duration(r.proposed["timeout"]) for path, r in by_path.items()}
    calls = _calls_that_count(graph, policy.timeout.false_timeout_rate)
    changes: list[PlanChange] = []
    for members, callees in _callees_first(calls):
        bound = max((timeouts[c] for c in callees if c in timeouts), default=0.0)
        if len(members) > 1:
            bound = max([bound, *(timeouts[m] for m in members if m in timeouts)])
        for path in sorted(members & timeouts.keys()):
            if timeouts[path] < bound:
                slowest = max(callees | members, key=lambda p: timeouts.get(p, 0.0))
                changes.append(_change(by_path[path], timeouts[path], bound, slowest))
                timeouts[path] = bound
    raised = {change.id for change in changes}
    return [_raised(r, timeouts) if r.id in raised else r for r in recommendations], changes


def _calls_that_count(graph: nx.DiGraph[str], rate: float) -> nx.DiGraph[str]:
    calls: nx.DiGraph[str] = nx.DiGraph()
    calls.add_nodes_from(graph)
    calls.add_edges_from(
        (caller, callee)
        for caller, callee, share in graph.edges(data="per_request")
        if share >= rate
    )
    return calls


def _callees_first(calls: nx.DiGraph[str]) -> list[tuple[set[str], set[str]]]:
    """Groups of services that call one another, each with the services that it calls."""
    groups = nx.condensation(calls)
    order = reversed(list(nx.topological_sort(groups)))
    members = {node: set(groups.nodes[node]["members"]) for node in groups}
    return [
        (members[node], {c for m in members[node] for c in calls.successors(m)} - members[node])
        for node in order
    ]


def _change(caller: Recommendation, before: float, after: float, slowest: str) -> PlanChange:
    return PlanChange(
        id=caller.id,
        field="timeout",
        before=istio_duration(before),
        after=istio_duration(after),
        reason=Reason.CALLER_RAISED_TO_CALLEE.value,
        message=f"{caller.target.path} calls {slowest}, which may take "
        f"{istio_duration(after)}: it waits at least as long",
    )


def _raised(recommendation: Recommendation, timeouts: dict[str, float]) -> Recommendation:
    reasons = (*recommendation.reasons, Reason.CALLER_RAISED_TO_CALLEE.value)
    timeout = istio_duration(timeouts[recommendation.target.path])
    return recommendation.model_copy(
        update={"proposed": {**recommendation.proposed, "timeout": timeout}, "reasons": reasons}
    )
