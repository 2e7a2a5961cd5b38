"""The path of calls along which tries multiply most, through every service.

The call graph's cycles count as one: each of their members multiplies once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from observe.lint.routes import Route


@dataclass(frozen=True)
class Tries:
    """Tries of one request to a target, and the route that says so (None: Istio's default).

    With a retryBudget the number is an average of many requests.
    """

    number: float
    route: Route | None
    budget: bool = False

    @property
    def set_here(self) -> bool:
        """Whether an object asks for more than one try."""
        return self.route is not None and self.number > 1


@dataclass(frozen=True)
class Paths:
    """The worst path into and out of every group of services that call each other."""

    groups: nx.DiGraph[int]
    of: dict[str, int]
    members: dict[int, list[str]]
    into: dict[int, list[int]]
    out_of: dict[int, list[int]]

    def through(self, target: str) -> list[str]:
        """The targets on the worst path through one, first caller first."""
        group = self.of[target]
        line = [*self.into[group], *self.out_of[group][1:]]
        return [name for number in line for name in self.members[number]]


def worst_paths(graph: nx.DiGraph[str], tries: dict[str, Tries]) -> Paths:
    """The worst path through every target of a call graph.

    Args:
        graph: callers point at callees.
        tries: target → tries of one request to it.
    """
    groups: nx.DiGraph[int] = nx.condensation(graph)
    members = {n: sorted(groups.nodes[n]["members"]) for n in groups}
    of = {name: number for number, names in members.items() for name in names}
    weight = {n: sum(math.log(tries[name].number) for name in members[n]) for n in groups}
    order = list(nx.lexicographical_topological_sort(groups, key=lambda n: members[n][0]))
    into = _longest(order, groups.pred, weight)
    back = _longest(order[::-1], groups.succ, weight)
    return Paths(groups, of, members, into, {n: line[::-1] for n, line in back.items()})


def _longest(
    order: list[int], before: Mapping[int, Mapping[int, object]], weight: dict[int, float]
) -> dict[int, list[int]]:
    """Group → the heaviest line of groups that ends with it."""
    total: dict[int, float] = {}
    chosen: dict[int, int | None] = {}
    for number in order:
        best = max(sorted(before[number]), key=lambda n: total[n], default=None)
        chosen[number] = best
        total[number] = weight[number] + (total[best] if best is not None else 0.0)
    return {number: _line(number, chosen) for number in order}


def _line(number: int, chosen: dict[int, int | None]) -> list[int]:
    line: list[int] = []
    at: int | None = number
    while at is not None:
        line.append(at)
        at = chosen[at]
    return line[::-1]


def product_of(names: list[str], tries: dict[str, Tries]) -> float:
    """Tries of the last of some targets for one request to the first."""
    return math.prod(tries[name].number for name in names)


def shown_path(names: list[str], tries: dict[str, Tries]) -> str:
    """`east/shop/cart x3 (default) -> east/shop/payment x4`."""
    parts = []
    for name in names:
        here = tries[name]
        note = " (default)" if here.route is None and here.number > 1 else ""
        note = " (retryBudget)" if here.budget else note
        parts.append(f"{name} x{here.number:.3g}{note}")
    return " -> ".join(parts)
