"""Makes the recommendations agree with one another along the call graph.

A caller must wait at least as long as its callee is allowed to take, else the callee's timeout
never acts and its answers are thrown away. In Istio a route's timeout includes all its tries, so
the callee's timeout alone is the bound.
"""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from observe.durations import istio_duration
from observe.recommend.model import PlanChange
from observe.recommend.reasons import Reason


def agree_on_timeouts(
    proposed: Mapping[str, float],
    settled: Mapping[str, float],
    graph: nx.DiGraph[str],
    rare: float,
) -> tuple[dict[str, float], list[PlanChange]]:
    """Raise callers to their callees, callees first; services in a cycle share the longest.

    Args:
        proposed: target path → proposed timeout (ms).
        settled: target path → timeout (ms) of targets without a proposal, which stays.
        graph: the call graph; an edge's `per_request` is the number of calls per request.
        rare: calls made by a smaller share of the requests do not count: the caller's timeout
            may cut as many requests anyway.

    Returns:
        The timeouts of all proposals, and what was changed.
    """
    timeouts = {**settled, **proposed}
    calls = _calls_that_count(graph, rare)
    changes: list[PlanChange] = []
    for members, callees in _callees_first(calls):
        bounding = (callees | members if len(members) > 1 else callees) & timeouts.keys()
        if not bounding:
            continue
        slowest = max(sorted(bounding), key=timeouts.__getitem__)
        bound = timeouts[slowest]
        for path in sorted(members & proposed.keys()):
            if timeouts[path] < bound:
                changes.append(_change(path, timeouts[path], bound, slowest))
                timeouts[path] = bound
    return {path: timeouts[path] for path in proposed}, changes


def _calls_that_count(graph: nx.DiGraph[str], rare: float) -> nx.DiGraph[str]:
    calls: nx.DiGraph[str] = nx.DiGraph()
    calls.add_nodes_from(graph)
    calls.add_edges_from(
        (caller, callee)
        for caller, callee, data in graph.edges(data=True)
        if data["per_request"] >= rare
    )
    return calls


def _callees_first(calls: nx.DiGraph[str]) -> list[tuple[set[str], set[str]]]:
    """Groups of services that call one another, each with the services that it calls."""
    groups = nx.condensation(calls)
    order = reversed(list(nx.lexicographical_topological_sort(groups)))
    members: dict[int, set[str]] = {node: set(groups.nodes[node]["members"]) for node in groups}
    return [
        (members[node], {c for m in members[node] for c in calls.successors(m)} - members[node])
        for node in order
    ]


def _change(path: str, before: float, after: float, slowest: str) -> PlanChange:
    return PlanChange(
        id=f"timeout/{path}",
        field="timeout",
        before=istio_duration(before),
        after=istio_duration(after),
        reason=Reason.CALLER_RAISED_TO_CALLEE.value,
        message=f"{path} calls {slowest}, which may take {istio_duration(after)}: a caller waits "
        "at least as long",
    )
