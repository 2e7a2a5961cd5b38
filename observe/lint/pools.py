"""Connection pools and retry budgets, as far as they can be judged without telemetry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from observe.export.yaml_io import YamlPath
from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject
from observe.lint.syntax import policies
from observe.lint.world import World

POOL_OF_ONE = Rule("POOL_OF_ONE", "critical", "a pool that lets one request through at a time")
POOL_ZERO = Rule("POOL_ZERO", "warning", "a limit of 0, which is no limit")
POOL_APPLIED_TWICE = Rule(
    "POOL_APPLIED_TWICE", "info", "connectionPool limits the clients and every server, too"
)
BUDGET_HIDES_MAX_RETRIES = Rule(
    "BUDGET_HIDES_MAX_RETRIES", "info", "retryBudget takes the place of maxRetries"
)
BUDGET_OF_ZERO = Rule("BUDGET_OF_ZERO", "warning", "a retryBudget that allows next to nothing")

RULES = (POOL_OF_ONE, POOL_ZERO, POOL_APPLIED_TWICE, BUDGET_HIDES_MAX_RETRIES, BUDGET_OF_ZERO)

_ONE = {
    "maxConnections": "hold one connection (of HTTP/1.1: send one request)",
    "http2MaxRequests": "send one request",
}
#: Where the limits stand in a connectionPool.
LIMITS = {
    "maxConnections": ("tcp", "maxConnections"),
    "http1MaxPendingRequests": ("http", "http1MaxPendingRequests"),
    "http2MaxRequests": ("http", "http2MaxRequests"),
}


def check_pools(world: World) -> Iterator[Finding]:
    """All of these, in all DestinationRules."""
    for item in world.destination_rules:
        for path, policy in policies(item):
            pool = policy.get("connectionPool", {})
            yield from _limits(item, (*path, "connectionPool"), pool)
            yield from _budget(item, path, policy)
        top = item.spec.get("trafficPolicy", {}).get("connectionPool", {})
        if limits_of(top) and item.namespace not in world.own_inbound_pools:
            yield _twice(item, limits_of(top))


def limits_of(pool: dict[str, Any]) -> dict[str, int]:
    """The limits of a connectionPool that limit anything."""
    found = {name: pool.get(part, {}).get(field, 0) for name, (part, field) in LIMITS.items()}
    return {name: value for name, value in found.items() if value > 0}


def _limits(item: ConfigObject, path: YamlPath, pool: dict[str, Any]) -> Iterator[Finding]:
    for name, (part, field) in LIMITS.items():
        value = pool.get(part, {}).get(field)
        if value == 1 and name != "http1MaxPendingRequests":
            yield POOL_OF_ONE.at(
                item,
                (*path, part, field),
                f"{name} 1 lets each client proxy {_ONE[name]} at a time, and each server accept "
                "one from all its clients: the value of tutorials, not of a service with traffic",
                "Set it above the requests that are under way in the busiest minutes.",
            )
        elif value == 1:
            yield POOL_OF_ONE.at(
                item,
                (*path, part, field),
                f"{name} 1 lets one request wait for a connection; the next one gets 503 at once",
                "Let as many wait as may come while a connection is opened, tens at least.",
                "warning",
            )
        elif value == 0:
            yield POOL_ZERO.at(
                item,
                (*path, part, field),
                f"{name} 0 counts as not set: there is no limit",
                "Remove it, or set the limit that is meant.",
            )


def _twice(item: ConfigObject, limits: dict[str, int]) -> Finding:
    listed = ", ".join(f"{name} {value}" for name, value in limits.items())
    return POOL_APPLIED_TWICE.at(
        item,
        ("spec", "trafficPolicy", "connectionPool"),
        f"{listed}: Istio applies this to every client proxy, over all servers, and again at each "
        "server's sidecar, over all its clients",
        "Choose the larger of both needs, or set the server's side by Sidecar "
        "inboundConnectionPool.",
    )


def _budget(item: ConfigObject, path: YamlPath, policy: dict[str, Any]) -> Iterator[Finding]:
    budget = policy.get("retryBudget")
    if budget is None:
        return
    most = policy.get("connectionPool", {}).get("http", {}).get("maxRetries")
    if most:
        yield BUDGET_HIDES_MAX_RETRIES.at(
            item,
            (*path, "connectionPool", "http", "maxRetries"),
            f"maxRetries {most} has no effect: Envoy heeds the retryBudget beside it instead",
            "Remove maxRetries.",
        )
    percent = budget.get("percent")
    if percent is not None and percent < 1:
        yield BUDGET_OF_ZERO.at(
            item,
            (*path, "retryBudget", "percent"),
            f"percent {percent:g} lets retries be {percent:g} % of the requests under way; beyond "
            f"the first {budget.get('minRetryConcurrency', 3)} there are next to none",
            "Write percent: 20 for 20 %: the number is per cent, not a fraction.",
        )
