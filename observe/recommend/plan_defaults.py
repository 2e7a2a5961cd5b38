"""Istio's default retries, bounded where they multiply along a path of calls.

The method stands in docs/method-plan.md, "Istio's default".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import networkx as nx

from observe.recommend.plan_tries import Products

#: Products of tries are compared with this much room for rounding.
_SLACK = 1e-9


def defaults_to_bound(
    calls: nx.DiGraph[str],
    tries: Mapping[str, float],
    defaults: Collection[str],
    bounded: float,
    most: float,
) -> list[str]:
    """Targets whose default retries need a retryBudget, sorted.

    All of them are bounded first. Then the bound is taken away again wherever the path allows it,
    nearest to the end of the calls first: there a retry multiplies nothing. Targets that call one
    another are left alone: a budget is no answer to calls that go round.

    Args:
        calls: callers point at callees.
        tries: target → tries of one request to it, as they are without any of these bounds.
        defaults: targets that nobody set retries for, and whose default may be bounded.
        bounded: tries of one of those with a budget.
        most: the bound on the product of tries along a path.
    """
    may = {path for path in defaults if path in calls and tries.get(path, 1.0) > bounded}
    may -= {
        name
        for group in nx.strongly_connected_components(calls)
        if len(group) > 1
        for name in group
    }
    products = Products(calls, {p: bounded if p in may else t for p, t in tries.items()})
    found = []
    for path in sorted(may, key=lambda name: (products.distance(name), name)):
        factor = tries[path] / bounded
        if products.through(path) * factor > most + _SLACK:
            found.append(path)
        else:
            products.multiply(path, factor)
    return sorted(found)
