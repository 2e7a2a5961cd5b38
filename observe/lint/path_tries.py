"""Tries of one request to each target, and the words for a path of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from observe.lint.routes import Route
from observe.lint.world import World
from observe.signals.worst_paths import tries_with_budget


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


def tries_of(world: World, host: str) -> Tries:
    """A retryBudget bounds what retries may add, however many are asked for."""
    attempts, route = world.attempts_for(host)
    budget = world.budget_for(host)
    bounded = budget is not None and attempts > 0
    return Tries(tries_with_budget(attempts, budget), route, budget=bounded)


def shown_path(names: list[str], tries: Mapping[str, Tries]) -> str:
    """`east/shop/cart x3 (default) -> east/shop/payment x4`."""
    parts = []
    for name in names:
        here = tries[name]
        note = " (default)" if here.route is None and here.number > 1 else ""
        note = " (retryBudget)" if here.budget else note
        parts.append(f"{name} x{here.number:.3g}{note}")
    return " -> ".join(parts)
