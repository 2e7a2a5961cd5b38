"""Tries that stay as they are, and the worst path of tries in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from observe.recommend.current import CurrentSettings
from observe.recommend.model import WorstPath
from observe.recommend.retry_timing import DEFAULT_ATTEMPTS
from observe.signals.worst_paths import product_of, tries_with_budget, worst_paths
from observe.target import Target

_MOST_NAMED = 6


@dataclass(frozen=True)
class Standing:
    """Tries of one request to a target as its settings are today.

    `by_default`: no object asks for them.
    """

    tries: float
    by_default: bool


def standing_tries(target: Target, current: CurrentSettings | None) -> Standing:
    """What is set for a target, of its routes the one with the most tries."""
    if current is None or target.service is None:
        return Standing(float(DEFAULT_ATTEMPTS + 1), by_default=True)
    routes = current.retries_for(target.service, target.cluster)
    asked = [route.attempts for route in routes]
    attempts = max((DEFAULT_ATTEMPTS if a is None else a for a in asked), default=DEFAULT_ATTEMPTS)
    rules = current.traffic_policy_for(target.service, target.cluster)
    percent = rules.retry_budget.get("percent") if rules else None
    budget = float(percent) if isinstance(percent, (int, float)) else None
    return Standing(
        tries_with_budget(attempts, budget if attempts else None), by_default=attempts not in asked
    )


def worst_path(
    calls: nx.DiGraph[str],
    tries: Mapping[str, float],
    free: Mapping[str, float],
    by_default: frozenset[str],
    most: float,
) -> WorstPath | None:
    """The path along which tries multiply most; None where nothing is tried twice.

    Args:
        calls: callers point at callees.
        tries: target → tries of one request to it, for all targets of the graph; an average
            where a retryBudget bounds them.
        free: the same without any retryBudget that is advised.
        by_default: targets whose tries are Istio's default.
        most: the bound of the policy.
    """
    paths = worst_paths(calls, tries)
    lines = {tuple(paths.through(name)) for name in calls}
    worst = max(
        sorted(lines),
        key=lambda line: (round(product_of([*line], tries), 9), -len(line)),
        default=(),
    )
    repeated = [place for place, name in enumerate(worst) if tries[name] > 1]
    if not repeated:
        return None
    shown = worst[repeated[0] : repeated[-1] + 1]
    return WorstPath(
        targets=shown,
        tries=tuple(round(tries[name], 4) for name in shown),
        product=round(product_of([*shown], tries), 4),
        without_budgets=round(product_of([*shown], free), 4),
        most=most,
        by_default=tuple(name for name in shown if name in by_default and tries[name] > 1),
    )


def in_words(names: list[str], tries: Mapping[str, float]) -> str:
    """`east/shop/cart x3 -> east/shop/payment x2`; targets that are tried once are left out.

    Of a long path the first two and the last two are named.
    """
    parts = [f"{name} x{tries[name]:.3g}" for name in names if tries[name] > 1]
    if len(parts) > _MOST_NAMED:
        parts = [*parts[:2], f"{len(parts) - 4} more", *parts[-2:]]
    return " -> ".join(parts)
