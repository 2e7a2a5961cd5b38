"""Makes timeouts agree along the call graph: callers outlast callees.

A caller must wait at least as long as its callee is allowed to take, else the callee's timeout
never acts and its answers are thrown away. In Istio a route's timeout includes all its tries and
the pauses between them, so the callee's timeout alone is the bound, however often it is tried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import networkx as nx

from observe.durations import istio_duration
from observe.recommend.model import PlanChange
from observe.recommend.reasons import Reason


def agree_on_timeouts(
    proposed: Mapping[str, float], settled: Mapping[str, float], calls: nx.DiGraph[str]
) -> tuple[dict[str, float], list[PlanChange]]:
    """Raise callers above their callees, callees first; services in a cycle share the longest.

    A caller gets the time of its slowest callee and the time of its own work beside that call.
    Within a cycle each would have to wait for the other and its own work on top, without end, so
    that its members share the longest as it is.

    Args:
        proposed: target path → proposed timeout (ms).
        settled: target path → timeout (ms) of targets without a proposal, which stays.
        calls: the calls that bound (:func:`observe.recommend.timeout_calls.calls_that_bound`); an
            edge's `rest_ms` is what the caller does beside the call.

    Returns:
        The timeouts of all proposals, and what was changed.
    """
    timeouts = {**settled, **proposed}
    changes: list[PlanChange] = []
    for members in callees_first(calls):
        needs = _needs(members, calls, timeouts)
        if not needs:
            continue
        bound, slowest = max(needs)
        for path in sorted(members & proposed.keys()):
            if timeouts[path] < bound:
                changes.append(_change(path, timeouts[path], bound, slowest, timeouts[slowest]))
                timeouts[path] = bound
    return {path: timeouts[path] for path in proposed}, changes


def callees_first(calls: nx.DiGraph[str]) -> list[set[str]]:
    """Groups of targets that call one another, each after all that it calls; the same each run."""
    groups = nx.condensation(calls)
    names: dict[int, set[str]] = {n: set(groups.nodes[n]["members"]) for n in groups}
    first = {n: min(members) for n, members in names.items()}
    order = list(nx.lexicographical_topological_sort(groups, key=first.__getitem__))
    return [names[number] for number in reversed(order)]


def _needs(
    members: set[str], calls: nx.DiGraph[str], timeouts: Mapping[str, float]
) -> list[tuple[float, str]]:
    """What the calls out of a group ask for (ms), and what its members have (ms)."""
    needs = [
        (_with_rest(timeouts[callee], calls.edges[caller, callee]["rest_ms"]), callee)
        for caller in members
        for callee in calls.successors(caller)
        if callee not in members and callee in timeouts
    ]
    if len(members) > 1:
        needs += [(timeouts[path], path) for path in members if path in timeouts]
    return needs


def _with_rest(callee_ms: float, rest_ms: float) -> float:
    """Their sum, rounded up at the third digit: a coarser step would add up along a path."""
    if rest_ms <= 0:
        return callee_ms
    step = max(1.0, 10.0 ** (math.floor(math.log10(callee_ms + rest_ms)) - 2))
    return math.ceil((callee_ms + rest_ms) / step - 1e-9) * step


def _change(path: str, before: float, after: float, slowest: str, callee_ms: float) -> PlanChange:
    beside = f", and does {istio_duration(after - callee_ms)} of work beside that"
    return PlanChange(
        id=f"timeout/{path}",
        field="timeout",
        before=istio_duration(before),
        after=istio_duration(after),
        reason=Reason.CALLER_RAISED_TO_CALLEE.value,
        message=f"{path} calls {slowest}, which may take {istio_duration(callee_ms)}"
        f"{beside if after > callee_ms else ''}: a caller waits at least as long",
    )
