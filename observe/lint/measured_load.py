"""Retries, pools and visibility that are set against the traffic that was measured."""

from __future__ import annotations

from collections.abc import Iterator

from observe.export.yaml_io import YamlPath
from observe.lint.measured_pools import POOL_BELOW_CONCURRENCY, check_pool, needs_of
from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject
from observe.lint.pools import LIMITS, limits_of
from observe.lint.telemetry import TargetFacts, Telemetry
from observe.lint.world import World, full_host, namespace_in, spellings

RETRIES_UNDER_OVERLOAD = Rule(
    "RETRIES_UNDER_OVERLOAD", "warning", "requests are retried although overload makes them fail"
)
RETRIES_MULTIPLY_LOAD = Rule(
    "RETRIES_MULTIPLY_LOAD", "warning", "retries add more than a tenth to the load"
)
RETRIES_EXHAUSTED = Rule("RETRIES_EXHAUSTED", "info", "requests fail after all their retries")
HOST_WITHOUT_TRAFFIC = Rule("HOST_WITHOUT_TRAFFIC", "info", "nobody called the host")
HIDDEN_FROM_CALLERS = Rule(
    "HIDDEN_FROM_CALLERS", "warning", "exportTo hides an object from clients that call the host"
)
POOL_OVERFLOWS = Rule("POOL_OVERFLOWS", "warning", "requests were refused by a connection pool")
ALL_HOSTS_EJECTED = Rule("ALL_HOSTS_EJECTED", "warning", "requests found no healthy host")
TIMEOUTS_SEEN = Rule("TIMEOUTS_SEEN", "info", "requests were cut by a timeout that is set")

RULES = (
    POOL_BELOW_CONCURRENCY,
    RETRIES_UNDER_OVERLOAD,
    RETRIES_MULTIPLY_LOAD,
    RETRIES_EXHAUSTED,
    HOST_WITHOUT_TRAFFIC,
    HIDDEN_FROM_CALLERS,
    POOL_OVERFLOWS,
    ALL_HOSTS_EJECTED,
    TIMEOUTS_SEEN,
)

#: Below so many requests nothing is said about shares.
_ENOUGH = 1_000
#: Load that retries may add (docs/method.md), and the share of requests that counts as some.
_ADDED_LOAD = 0.10
_SOME = 0.001


def check_load(world: World, telemetry: Telemetry, found: list[TargetFacts]) -> Iterator[Finding]:
    """The targets whose clients use these objects."""
    for facts in found:
        yield from _retries(world, facts)
        yield from _timeouts(world, facts)
        for rule in world.rules_for(facts.host)[:1]:
            inbound = rule.namespace not in world.own_inbound_pools
            yield from _policy(rule, facts, telemetry, inbound=inbound)
    yield from _unseen(world, telemetry)
    yield from _hidden(world, found)


def _retries(world: World, facts: TargetFacts) -> Iterator[Finding]:
    attempts, route = world.attempts_for(facts.host)
    if attempts == 0 or facts.requests < _ENOUGH:
        return

    def say(rule: Rule, message: str, advice: str) -> Finding:
        if route is None:
            return rule.in_mesh(f"{message} ({attempts} retries by Istio's default)", advice)
        item, path = route.retries_at
        return rule.at(item, (*path, "attempts"), f"{message} (attempts {attempts})", advice)

    name = facts.target.path
    if facts.amplification is not None and facts.amplification > 1 + _ADDED_LOAD:
        yield say(
            RETRIES_MULTIPLY_LOAD,
            f"{name} received {facts.amplification:.2f} tries for each request sent, more than "
            f"{1 + _ADDED_LOAD:.2f}",
            "Mend what fails, lower attempts, or bound retries by a retryBudget.",
        )
    if facts.share("URX") > _SOME and route is not None:
        yield say(
            RETRIES_EXHAUSTED,
            f"{facts.share('URX'):.2%} of the requests to {name} failed after all retries (URX): "
            "retries do not cure what fails there",
            "Look at what fails before asking for more attempts.",
        )
    overload = _overloaded(facts)
    if overload and route is not None and world.budget_for(facts.host) is None:
        yield say(
            RETRIES_UNDER_OVERLOAD,
            f"{overload}: retries make that worse",
            "Set attempts to 0 until there is room, or bound retries by a retryBudget.",
        )


def _overloaded(facts: TargetFacts) -> str | None:
    """How much is refused for overload, in words; None where most failures are of another kind."""
    overload = facts.flags.get("UO", 0.0) + facts.too_many
    bad = facts.failures + facts.too_many
    if overload <= _SOME * facts.requests or overload <= bad / 2:
        return None
    return (
        f"{overload / facts.requests:.2%} of the requests to {facts.target.path} were refused for "
        f"overload (UO or 429), {overload / bad:.0%} of all that failed"
    )


def _timeouts(world: World, facts: TargetFacts) -> Iterator[Finding]:
    share = facts.share("UT")
    cut = facts.flags.get("UT", 0.0)
    for route in world.routes_to(facts.host):
        if cut > 0 and route.timeout_ms is not None:
            item, path = route.timeout_at
            yield TIMEOUTS_SEEN.at(
                item,
                path,
                f"{cut:,.0f} requests to {facts.target.path} ({share:.3%}) ended at a timeout (UT)",
                "Raise the timeout if these were good requests; `observe explain "
                f"{facts.target.path}` shows them.",
                "warning" if share > _SOME and facts.requests >= _ENOUGH else None,
            )


def _policy(
    rule: ConfigObject, facts: TargetFacts, telemetry: Telemetry, *, inbound: bool
) -> Iterator[Finding]:
    policy = rule.spec.get("trafficPolicy", {})
    path: YamlPath = ("spec", "trafficPolicy")
    limits = limits_of(policy.get("connectionPool", {}))
    name = facts.target.path
    for limit, value in limits.items():
        if limit != "http1MaxPendingRequests" and not (limit == "maxConnections" and facts.grpc):
            at = (*path, "connectionPool", *LIMITS[limit])
            needs = needs_of(facts, telemetry, inbound=inbound)
            yield from check_pool(rule, at, limit, value, needs)
    if limits and facts.flags.get("UO", 0.0) > 0:
        yield POOL_OVERFLOWS.at(
            rule,
            (*path, "connectionPool"),
            f"{facts.flags['UO']:,.0f} requests to {name} ({facts.share('UO'):.3%}) were refused "
            f"because a pool was full (UO); set: {_listed(limits)}",
            "Raise the limit that is hit, or give the service more room.",
            "critical" if facts.share("UO") > 10 * _SOME else None,
        )
    if "outlierDetection" in policy and facts.share("UH") > _SOME:
        yield ALL_HOSTS_EJECTED.at(
            rule,
            (*path, "outlierDetection"),
            f"{facts.flags['UH']:,.0f} requests to {name} ({facts.share('UH'):.3%}) found no "
            "healthy host (UH)",
            "Lower maxEjectionPercent or raise the error thresholds, if it was ejection; it may "
            "also have been that no pod was ready.",
        )


def _listed(limits: dict[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in limits.items())


def _unseen(world: World, telemetry: Telemetry) -> Iterator[Finding]:
    """Hosts that nobody called in any cluster."""
    if not telemetry.whole or not telemetry.facts:
        return
    seen = {name for facts in telemetry.facts.values() for name in spellings(facts.host)}
    for index, field in ((world.mesh_hosts, "hosts"), (world.rule_hosts, "host")):
        for host, items in index.items():
            if host in seen or host.startswith("*") or not namespace_in(host):
                continue
            for item in items:
                yield HOST_WITHOUT_TRAFFIC.at(
                    item,
                    ("spec", field),
                    f"no request to {host} was seen in the window",
                    "Remove the object if the service is gone, or check the host's spelling.",
                )


def _hidden(world: World, found: list[TargetFacts]) -> Iterator[Finding]:
    by_host = {name: facts for facts in found for name in spellings(facts.host)}
    for item in (*world.virtual_services, *world.destination_rules):
        if item.exported_to is None:
            continue
        hosts = item.spec.get("hosts") or [item.spec.get("host", "")]
        for host in hosts:
            facts = by_host.get(full_host(str(host), item))
            callers = {namespace for _, namespace, _ in facts.clients} if facts else set()
            blind = sorted(name for name in callers if not item.visible_in(name))
            if facts and blind:
                yield HIDDEN_FROM_CALLERS.at(
                    item,
                    ("spec", "exportTo"),
                    f"clients in {', '.join(blind)} call {facts.target.path} and do not see this "
                    "object: nothing of it applies to them",
                    "Add the namespaces to exportTo, or remove exportTo.",
                )
