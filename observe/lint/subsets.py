"""Subsets, and policies of subsets and ports that replace what they seem to add to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from observe.export.yaml_io import YamlPath
from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject
from observe.lint.world import World, full_host, labels, shown_host

SUBSET_NOT_DEFINED = Rule(
    "SUBSET_NOT_DEFINED", "critical", "a route names a subset that no DestinationRule defines"
)
SUBSET_NEVER_USED = Rule(
    "SUBSET_NEVER_USED", "info", "a subset has a policy, and no route names it"
)
SUBSET_POLICY_REPLACES = Rule(
    "SUBSET_POLICY_REPLACES", "warning", "a subset's block replaces the one above as a whole"
)
PORT_POLICY_REPLACES = Rule(
    "PORT_POLICY_REPLACES", "warning", "a port's settings replace the policy above as a whole"
)
FAILOVER_WITHOUT_OUTLIER = Rule(
    "FAILOVER_WITHOUT_OUTLIER", "warning", "locality failover without outlierDetection"
)
DELEGATE_NOT_FOUND = Rule("DELEGATE_NOT_FOUND", "info", "a delegate that was not given")

RULES = (
    SUBSET_NOT_DEFINED,
    SUBSET_NEVER_USED,
    SUBSET_POLICY_REPLACES,
    PORT_POLICY_REPLACES,
    FAILOVER_WITHOUT_OUTLIER,
    DELEGATE_NOT_FOUND,
)

#: Blocks that settings of a port replace together, mentioned there or not.
_OF_A_PORT = ("connectionPool", "outlierDetection", "loadBalancer", "tls")


def check_subsets(world: World) -> Iterator[Finding]:
    """All of these, in all objects."""
    used = {(h, s) for item in world.virtual_services for _, h, s in _named(item)}
    for item in world.virtual_services:
        yield from _undefined(item, world)
        yield from _delegates(item, world)
    for item in world.destination_rules:
        host = full_host(str(item.spec.get("host", "")), item)
        top = item.spec.get("trafficPolicy", {})
        yield from _policy(item, ("spec", "trafficPolicy"), top, top)
        for index, subset in enumerate(item.spec.get("subsets", [])):
            path: YamlPath = ("spec", "subsets", index, "trafficPolicy")
            policy = subset.get("trafficPolicy", {})
            yield from _replaced(item, path, str(subset.get("name")), policy, top)
            yield from _policy(item, path, policy, {**top, **policy})
            if policy and (host, subset.get("name")) not in used:
                yield SUBSET_NEVER_USED.at(
                    item,
                    path,
                    f"no VirtualService given routes to subset {subset.get('name')} of "
                    f"{shown_host(host)}: its trafficPolicy applies to no request",
                    "Route to the subset by name, or move the policy to the top.",
                )


def _named(item: ConfigObject) -> Iterator[tuple[YamlPath, str, str]]:
    """(path, full host, subset) for every destination with a subset."""
    for kind in ("http", "tcp", "tls"):
        for index, route in enumerate(item.spec.get(kind, [])):
            at: YamlPath = ("spec", kind, index)
            places = [
                ((*at, field, i, "destination"), part.get("destination", {}))
                for field in ("route", "mirrors")
                for i, part in enumerate(route.get(field, []))
            ]
            places += [((*at, "mirror"), route["mirror"])] if "mirror" in route else []
            for path, destination in places:
                if destination.get("subset"):
                    host = full_host(str(destination.get("host", "")), item)
                    yield (*path, "subset"), host, str(destination["subset"])


def _undefined(item: ConfigObject, world: World) -> Iterator[Finding]:
    for path, host, subset in _named(item):
        rules = world.rules_for(host)
        defined = [s.get("name") for rule in rules for s in rule.spec.get("subsets", [])]
        if subset in defined:
            continue
        if rules:
            words = f"{labels(rules)} defines {', '.join(map(str, defined)) or 'none'}"
        else:
            words = f"no DestinationRule for {shown_host(host)} was " + (
                "found" if world.complete else "given"
            )
        yield SUBSET_NOT_DEFINED.at(
            item,
            path,
            f"subset {subset} of {shown_host(host)} is not defined ({words}): requests "
            "sent there end in 503",
            "Define the subset in the DestinationRule, or drop it from the route."
            if rules or world.complete
            else "Name the files with the DestinationRules as well.",
            None if rules or world.complete else "info",
        )


def _delegates(item: ConfigObject, world: World) -> Iterator[Finding]:
    for index, route in enumerate(item.spec.get("http", [])):
        to = route.get("delegate", {})
        name = (str(to.get("namespace") or item.namespace), str(to.get("name")))
        if to and name not in world.delegates:
            found = "is not in the cluster" if world.complete else "was not given"
            yield DELEGATE_NOT_FOUND.at(
                item,
                ("spec", "http", index, "delegate"),
                f"the delegate {name[0] or '-'}/{name[1]} {found}, so its routes are not judged"
                + (" and its requests end in 404" if world.complete else ""),
                "Create it, or drop the route." if world.complete else "Name its file as well.",
                "critical" if world.complete else None,
            )


def _replaced(
    item: ConfigObject,
    path: YamlPath,
    name: str,
    policy: dict[str, Any],
    top: dict[str, Any],
) -> Iterator[Finding]:
    for block in _OF_A_PORT:
        if block in policy and block in top:
            lost = sorted(_leaves(top[block]) - _leaves(policy[block]))
            if lost:
                yield SUBSET_POLICY_REPLACES.at(
                    item,
                    (*path, block),
                    f"{block} of subset {name} replaces the one above as a whole: "
                    f"{', '.join(lost)} {'is' if len(lost) == 1 else 'are'} not set for it",
                    f"Repeat {', '.join(lost)} in the subset, or remove its {block}.",
                )


def _policy(
    item: ConfigObject, path: YamlPath, policy: dict[str, Any], effective: dict[str, Any]
) -> Iterator[Finding]:
    """Ports and failover of one trafficPolicy; `effective` has what it takes from above."""
    yield from _failover(item, path, policy, effective)
    for index, port in enumerate(policy.get("portLevelSettings", [])):
        at: YamlPath = (*path, "portLevelSettings", index)
        lost = [block for block in _OF_A_PORT if block in effective and block not in port]
        if lost:
            number = port.get("port", {}).get("number", "?")
            yield PORT_POLICY_REPLACES.at(
                item,
                at,
                f"the settings of port {number} replace {', '.join(lost)} above as well: for that "
                "port Istio's defaults apply",
                f"Repeat {', '.join(lost)} in the port's settings.",
            )
        yield from _failover(item, at, port, port)


def _failover(
    item: ConfigObject, path: YamlPath, policy: dict[str, Any], effective: dict[str, Any]
) -> Iterator[Finding]:
    if "outlierDetection" in effective:
        return
    balancer = policy.get("loadBalancer", {})
    for field in ("localityLbSetting", "zoneAwareLbSetting"):
        setting = balancer.get(field, {})
        if setting.get("failover") or setting.get("failoverPriority"):
            yield FAILOVER_WITHOUT_OUTLIER.at(
                item,
                (*path, "loadBalancer", field),
                f"{field} asks for failover, and there is no outlierDetection: an endpoint never "
                "counts as unhealthy, so traffic never moves",
                "Add outlierDetection to the same policy.",
            )


def _leaves(value: Any, path: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {path}
    inside = (_leaves(v, f"{path}.{k}" if path else str(k)) for k, v in value.items())
    return set().union(*inside)
