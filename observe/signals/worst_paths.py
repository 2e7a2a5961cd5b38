"""The path of calls along which tries multiply most, through every service.

The call graph's cycles count as one: each of their members multiplies once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx


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

    def leading_to(self, target: str) -> list[str]:
        """The targets on the worst path that ends with one, first caller first."""
        return [name for number in self.into[self.of[target]] for name in self.members[number]]


def worst_paths(graph: nx.DiGraph[str], tries: Mapping[str, float]) -> Paths:
    """The worst path through every target of a call graph.

    Args:
        graph: callers point at callees.
        tries: target → tries of one request to it, 1 or more.
    """
    groups: nx.DiGraph[int] = nx.condensation(graph)
    members = {n: sorted(groups.nodes[n]["members"]) for n in groups}
    of = {name: number for number, names in members.items() for name in names}
    weight = {n: sum(math.log(tries[name]) for name in members[n]) for n in groups}
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


def product_of(names: list[str], tries: Mapping[str, float]) -> float:
    """Tries of the last of some targets for one request to the first."""
    return math.prod(tries[name] for name in names)


def tries_with_budget(attempts: int, percent: float | None) -> float:
    """Tries of one request: attempts + 1, or what a retryBudget leaves of them.

    A budget of so many percent of the requests under way bounds what retries add on average,
    however many are asked for; None: there is no budget.
    """
    tries = float(attempts + 1)
    return tries if percent is None else min(tries, 1.0 + percent / 100.0)
