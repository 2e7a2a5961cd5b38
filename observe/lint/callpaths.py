"""Retries and timeouts along the paths that calls were seen to take."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import networkx as nx

from observe.durations import in_words
from observe.lint.model import Finding, Rule
from observe.lint.path_tries import Tries, shown_path, tries_of
from observe.lint.routes import Route
from observe.lint.telemetry import Telemetry
from observe.lint.tries import MOST_TRIES
from observe.lint.world import World
from observe.recommend.timeout_calls import COUNTS_FROM
from observe.signals.callgraph import RARE_CALL, calls_made
from observe.signals.worst_paths import Paths, product_of, worst_paths

AMPLIFICATION = Rule("AMPLIFICATION", "warning", "retries multiply along a path of calls")
AMPLIFICATION_BY_DEFAULT = Rule(
    "AMPLIFICATION_BY_DEFAULT", "info", "Istio's default retries multiply along a path of calls"
)
RETRIES_AT_SEVERAL_LAYERS = Rule(
    "RETRIES_AT_SEVERAL_LAYERS", "info", "a caller and its callee both retry"
)
RETRIES_IN_A_CYCLE = Rule("RETRIES_IN_A_CYCLE", "warning", "services that call each other retry")
CALLER_TIMEOUT_BELOW_CALLEE = Rule(
    "CALLER_TIMEOUT_BELOW_CALLEE", "warning", "a caller gives up before its callee has to answer"
)

RULES = (
    AMPLIFICATION,
    AMPLIFICATION_BY_DEFAULT,
    RETRIES_AT_SEVERAL_LAYERS,
    RETRIES_IN_A_CYCLE,
    CALLER_TIMEOUT_BELOW_CALLEE,
)

#: Tries that one service of a cycle may make: a request that goes round once more makes 4.
_TRIES_IN_A_CYCLE = 2
#: Below this share of the caller's requests a call does not count for timeouts.
_RARE_TO_WAIT_FOR = COUNTS_FROM * RARE_CALL


def check_paths(telemetry: Telemetry, world_of: Callable[[str | None], World]) -> Iterator[Finding]:
    """All of these.

    Args:
        telemetry: the call graph and the targets.
        world_of: the objects that count for the clients in a cluster.
    """
    graph = calls_made(telemetry.graph, RARE_CALL)
    tries: dict[str, Tries] = {}
    for path in graph:
        target = telemetry.targets[path]
        tries[path] = tries_of(world_of(target.cluster), target.service or "")
    paths = worst_paths(graph, _numbers(tries))
    yield from _amplified(paths, tries)
    yield from _layers(paths, graph, tries)
    yield from _cycles(paths, tries)
    waited_for = calls_made(telemetry.graph, _RARE_TO_WAIT_FOR)
    yield from _outlasted(waited_for, telemetry, world_of)


def _numbers(tries: dict[str, Tries]) -> dict[str, float]:
    return {name: here.number for name, here in tries.items()}


def _amplified(paths: Paths, tries: dict[str, Tries]) -> Iterator[Finding]:
    worst: list[str] = []
    numbers = _numbers(tries)
    for name, here in tries.items():
        line = paths.through(name)
        product = product_of(line, numbers)
        if product <= MOST_TRIES or len(line) < 2:
            continue
        if here.set_here and here.route is not None:
            item, path = here.route.retries_at
            alone = math.prod(tries[n].number for n in line if tries[n].set_here)
            by_default = here.budget and alone <= MOST_TRIES
            yield AMPLIFICATION.at(
                item,
                (*path, "attempts"),
                f"one request can become {product:,.4g} tries of {line[-1]}, more than "
                f"{MOST_TRIES}: {shown_path(line, tries)}",
                "Retry at one layer: set attempts to 0 on the others, those with Istio's default "
                "too, or bound retries by a retryBudget.",
                "critical" if alone > MOST_TRIES else "info" if by_default else None,
            )
        elif here.route is None and not any(tries[n].set_here for n in line):
            worst = max(worst, line, key=lambda names: product_of(names, numbers) if names else 0)
    if worst:
        yield AMPLIFICATION_BY_DEFAULT.in_mesh(
            "by Istio's default retries alone one request can become "
            f"{product_of(worst, numbers):,.4g} tries of {worst[-1]} while it refuses "
            f"connections: {shown_path(worst, tries)}",
            "Set retries.attempts 0 where another layer retries, or "
            "meshConfig.defaultHttpRetryPolicy for the whole mesh.",
        )


def _layers(paths: Paths, graph: nx.DiGraph[str], tries: dict[str, Tries]) -> Iterator[Finding]:
    numbers = _numbers(tries)
    for caller, callee in graph.edges:
        upper, lower = tries[caller], tries[callee]
        few = product_of(paths.through(callee), numbers) <= MOST_TRIES
        if few and upper.set_here and lower.set_here and lower.route is not None:
            item, path = lower.route.retries_at
            yield RETRIES_AT_SEVERAL_LAYERS.at(
                item,
                (*path, "attempts"),
                f"{caller} is tried {upper.number:.3g} times and tries {callee} "
                f"{lower.number:.3g} times: {upper.number * lower.number:.3g} for one request",
                "Retry at one layer, the one next to what fails.",
            )


def _cycles(paths: Paths, tries: dict[str, Tries]) -> Iterator[Finding]:
    for names in paths.members.values():
        retrying = [name for name in names if tries[name].set_here]
        few = len(retrying) < 2 and all(tries[n].number <= _TRIES_IN_A_CYCLE for n in retrying)
        if len(names) < 2 or few:
            continue
        for name in retrying:
            here = tries[name]
            if here.set_here and here.route is not None:
                item, path = here.route.retries_at
                yield RETRIES_IN_A_CYCLE.at(
                    item,
                    (*path, "attempts"),
                    f"{' and '.join(names)} call each other, and {' and '.join(retrying)} "
                    f"{'are' if len(retrying) > 1 else 'is'} tried again: retries can set off "
                    "retries without end",
                    "Set attempts to 0 on all calls of the cycle but one, and to 1 there.",
                )


def _outlasted(
    graph: nx.DiGraph[str], telemetry: Telemetry, world_of: Callable[[str | None], World]
) -> Iterator[Finding]:
    routes: dict[str, list[Route]] = {}
    for path in graph:
        target = telemetry.targets[path]
        routes[path] = world_of(target.cluster).routes_to(target.service or "")
    for caller, callee in graph.edges:
        patience = [(r.timeout_ms or math.inf, r) for r in routes[caller]]
        bounds = [r.timeout_ms for r in routes[callee] if r.timeout_ms is not None]
        if not (patience and bounds):
            continue
        longest, route = max(patience, key=lambda pair: pair[0])
        if longest < min(bounds):
            yield _gives_up(caller, callee, longest, min(bounds), route, telemetry)


def _gives_up(
    caller: str, callee: str, patience: float, bound: float, route: Route, telemetry: Telemetry
) -> Finding:
    advised = telemetry.timeouts.get(callee)
    enough = advised is not None and advised.evidence.high_ms <= patience
    item, path = route.timeout_at
    return CALLER_TIMEOUT_BELOW_CALLEE.at(
        item,
        path,
        f"{caller} has to answer within {in_words(patience)} and calls {callee}, which may take "
        f"{in_words(bound)}: that timeout never acts, and a late answer is thrown away",
        f"Lower the timeout of {callee}, or raise this one to {in_words(bound)} or more.",
        "info" if enough else None,
    )
