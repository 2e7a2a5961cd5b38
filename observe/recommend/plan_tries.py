"""Shares out tries over the call graph so that no path of calls multiplies too many.

The method stands in docs/method-plan.md, "Retries".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

#: Products of tries are compared with this much room for rounding.
_SLACK = 1e-9


@dataclass(frozen=True)
class Wish:
    """The retries that a target would have if it stood alone.

    Attributes:
        attempts: how many.
        worth: failures that each of them cures, one number an attempt, never rising; all 0
            where nothing is known to be cured.
    """

    attempts: int
    worth: tuple[float, ...]


def share_out_tries(
    calls: nx.DiGraph[str],
    wishes: Mapping[str, Wish],
    fixed: Mapping[str, float],
    assumed: Mapping[str, float],
    most: float,
) -> dict[str, int]:
    """Attempts for each wish, so that the product of tries along any path stays bounded.

    What cures most is granted first; of wishes that are worth the same, the one nearest to the
    end of the calls. Of targets that call one another, one gets one attempt: their calls may go
    round, and each round multiplies again.

    Args:
        calls: callers point at callees.
        wishes: target → the attempts wished for.
        fixed: target → tries that are set and stay.
        assumed: target → tries of Istio's default where there is no wish. They do not take
            anything away from wishes that cure something.
        most: the bound on the product.

    Returns:
        The attempts of all wishes. Paths that exceed the bound by what is fixed alone get none.
    """
    products = Products(calls, {path: tries for path, tries in fixed.items() if path in calls})
    granted = dict.fromkeys(wishes, 0)
    worthy, idle = _in_order(wishes, products)
    for path in worthy:
        granted[path] += products.grant_one_more(path, granted[path], most)
    for path, tries in sorted(assumed.items()):
        products.multiply(path, tries)
    for path in idle:
        granted[path] += products.grant_one_more(path, granted[path], most)
    return granted


def _in_order(wishes: Mapping[str, Wish], products: Products) -> tuple[list[str], list[str]]:
    """One entry an attempt, the most urgent first: those that cure something, and the others."""
    items = [
        (-worth, products.distance(path), path)
        for path, wish in wishes.items()
        for worth in wish.worth[: wish.attempts]
    ]
    ordered = sorted(items)
    return [p for worth, _, p in ordered if worth < 0], [p for worth, _, p in ordered if worth >= 0]


class Products:
    """Products of tries into and out of every target, kept up to date as tries are granted."""

    def __init__(self, calls: nx.DiGraph[str], tries: Mapping[str, float]) -> None:
        self._groups = nx.condensation(calls)
        self._of: dict[str, int] = {
            name: n for n in self._groups for name in self._groups.nodes[n]["members"]
        }
        order = list(nx.topological_sort(self._groups))
        self._distance: dict[int, int] = {}
        for n in reversed(order):
            below = (self._distance[callee] for callee in self._groups.successors(n))
            self._distance[n] = 1 + max(below, default=-1)
        self._tries = dict.fromkeys(order, 1.0)
        self._into = dict.fromkeys(order, 1.0)
        self._out_of = dict.fromkeys(order, 1.0)
        for path, number in sorted(tries.items()):
            self.multiply(path, number)

    def distance(self, path: str) -> int:
        """Calls from a target to the end of the longest path; 0 outside of the graph."""
        return self._distance[self._of[path]] if path in self._of else 0

    def goes_round(self, path: str) -> bool:
        """Whether a target is in a cycle of calls."""
        return path in self._of and len(self._groups.nodes[self._of[path]]["members"]) > 1

    def through(self, path: str) -> float:
        """The product along the worst path through a target; 1 outside of the graph."""
        group = self._of.get(path)
        if group is None:
            return 1.0
        return self._into[group] * self._tries[group] * self._out_of[group]

    def grant_one_more(self, path: str, attempts: int, most: float) -> int:
        """1 and the books are changed where the bound allows another attempt, else 0."""
        factor = (attempts + 2) / (attempts + 1)
        group = self._of.get(path)
        if group is None:
            return int(attempts + 2 <= most + _SLACK)
        if self.goes_round(path) and self._tries[group] > 1:
            return 0
        if self.through(path) * factor > most + _SLACK:
            return 0
        self.multiply(path, factor)
        return 1

    def multiply(self, path: str, factor: float) -> None:
        """So many times the tries of a target; no effect on one that is not in the graph."""
        group = self._of.get(path)
        if group is None or math.isclose(factor, 1.0):
            return
        self._tries[group] *= factor
        self._spread(group, self._into, self._groups.succ)
        self._spread(group, self._out_of, self._groups.pred)

    def _spread(
        self, start: int, products: dict[int, float], beyond: Mapping[int, Mapping[int, object]]
    ) -> None:
        changed = [start]
        while changed:
            here = changed.pop()
            there = products[here] * self._tries[here]
            for number in beyond[here]:
                if there > products[number] + _SLACK:
                    products[number] = there
                    changed.append(number)
