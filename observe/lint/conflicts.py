"""Objects that get into each other's way: two for one host, routes that nobody reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject, Identity, share_clients
from observe.lint.routes import routes_of
from observe.lint.world import World, full_host, labels, namespace_in, shown_host

HOST_IN_TWO_VIRTUALSERVICES = Rule(
    "HOST_IN_TWO_VIRTUALSERVICES", "critical", "two VirtualServices of the mesh for one host"
)
GATEWAY_ROUTES_UNORDERED = Rule(
    "GATEWAY_ROUTES_UNORDERED", "warning", "two catch-all routes for one host of a gateway"
)
HOST_IN_TWO_DESTINATIONRULES = Rule(
    "HOST_IN_TWO_DESTINATIONRULES", "warning", "two DestinationRules for one host in a namespace"
)
DESTINATIONRULE_HIDDEN = Rule(
    "DESTINATIONRULE_HIDDEN", "warning", "DestinationRules for one host in several namespaces"
)
SAME_OBJECT_TWICE = Rule("SAME_OBJECT_TWICE", "warning", "one object in two versions")
ROUTE_NEVER_REACHED = Rule(
    "ROUTE_NEVER_REACHED", "warning", "a route behind one that takes every request"
)
HOST_NOT_FULL = Rule(
    "HOST_NOT_FULL", "warning", "a host with a namespace, which Istio does not complete"
)

RULES = (
    HOST_IN_TWO_VIRTUALSERVICES,
    GATEWAY_ROUTES_UNORDERED,
    HOST_IN_TWO_DESTINATIONRULES,
    DESTINATIONRULE_HIDDEN,
    SAME_OBJECT_TWICE,
    ROUTE_NEVER_REACHED,
    HOST_NOT_FULL,
)


def check_conflicts(world: World) -> Iterator[Finding]:
    """All of these, in all objects."""
    yield from _twice(world)
    for host, items in world.mesh_hosts.items():
        yield from _two_virtual_services(host, _distinct(items))
    yield from _gateways(world)
    for host, items in world.rule_hosts.items():
        yield from _two_rules(host, _distinct(items), world.root_namespace)
    yield from _unreached(world)
    yield from _dotted(world)


def _distinct(items: Iterable[ConfigObject]) -> list[ConfigObject]:
    """One object of each name: two with the same name cannot be in a cluster together."""
    first: dict[Identity, ConfigObject] = {}
    for item in items:
        first.setdefault(item.identity, item)
    return list(first.values())


def _twice(world: World) -> Iterator[Finding]:
    groups: dict[Identity, list[ConfigObject]] = defaultdict(list)
    for item in (*world.virtual_services, *world.destination_rules):
        groups[item.identity].append(item)
    for items in groups.values():
        for item in items[1:] if items[0].name else []:
            apart = item.folder != items[0].folder
            yield SAME_OBJECT_TWICE.at(
                item,
                ("metadata", "name"),
                f"{item.label} stands in {items[0].place}, too: the one that is applied last wins",
                "Nothing to do if the folders are for different clusters."
                if apart
                else "Keep one of them.",
                "info" if apart else None,
            )


def _unless(item: ConfigObject, other: ConfigObject) -> str:
    """What may excuse two objects in different folders, unless those are namespaces."""
    of_namespaces = item.folder == item.namespace and other.folder == other.namespace
    apart = item.folder != other.folder and not of_namespaces
    return ", unless the folders are for different clusters" if apart else ""


def _two_virtual_services(host: str, items: list[ConfigObject]) -> Iterator[Finding]:
    for index, item in enumerate(items):
        others = [other for other in items[:index] if share_clients(item, other)]
        if others:
            first = others[0]
            known = bool(item.created and first.created)
            yield HOST_IN_TWO_VIRTUALSERVICES.at(
                item,
                ("spec", "hosts"),
                f"{shown_host(host)} is a host of {labels(others)}, too: sidecars apply only the "
                "oldest object"
                + (f", which is {first.label}; this one is ignored" if known else "")
                + " (istio#36621)",
                f"Merge the routes into one VirtualService{_unless(item, first)}.",
                "warning" if _unless(item, first) else None,
            )


def _gateways(world: World) -> Iterator[Finding]:
    seen: dict[tuple[str, str], ConfigObject] = {}
    for item in _distinct(world.virtual_services):
        gateways = [str(g) for g in item.spec.get("gateways", []) if g != "mesh"]
        ends = [r for r in routes_of(item, world.delegates) if r.catches_all]
        if not (gateways and ends):
            continue
        for gateway in gateways:
            bound = gateway if "/" in gateway else f"{item.namespace}/{gateway}"
            for host in item.spec.get("hosts", []):
                other = seen.setdefault((bound, str(host)), item)
                if other is not item:
                    yield GATEWAY_ROUTES_UNORDERED.at(
                        item,
                        ("spec", "hosts"),
                        f"this and {labels([other])} both have a route for every request to {host} "
                        f"at gateway {bound}, and the order between objects is undefined",
                        "Keep one catch-all route for the host.",
                    )


def _two_rules(host: str, items: list[ConfigObject], root: str) -> Iterator[Finding]:
    items = [item for item in items if "workloadSelector" not in item.spec]
    for index, item in enumerate(items):
        for other in items[:index]:
            if item.namespace == other.namespace:
                yield _same_namespace(host, item, other)
                break
    owner = namespace_in(host)
    for item in items:
        others = [o for o in items if o.namespace != item.namespace and share_clients(item, o)]
        if others and item.namespace not in (owner, root):
            yield DESTINATIONRULE_HIDDEN.at(
                item,
                ("spec", "host"),
                f"clients in namespace {item.namespace or '-'} get this rule for "
                f"{shown_host(host)} and nothing of {labels(others)}: the first of client's, "
                "service's and root namespace counts alone",
                "Keep one DestinationRule, in the service's namespace, or repeat all of it here.",
            )
        elif others and item.namespace == owner != root:
            hidden = [other for other in others if other.namespace == root]
            if hidden:
                yield DESTINATIONRULE_HIDDEN.at(
                    item,
                    ("spec", "host"),
                    f"this rule for {shown_host(host)} hides {labels(hidden)} of the root "
                    "namespace; nothing is inherited",
                    "Repeat here what is wanted of it, or remove the other.",
                    "info",
                )


def _same_namespace(host: str, item: ConfigObject, other: ConfigObject) -> Finding:
    both = "trafficPolicy" in item.spec and "trafficPolicy" in other.spec
    lost = "the trafficPolicy of one of them is thrown away" if both else "their subsets are joined"
    return HOST_IN_TWO_DESTINATIONRULES.at(
        item,
        ("spec", "host"),
        f"{shown_host(host)} has {labels([other])} in the same namespace, too: {lost}",
        f"Merge them into one DestinationRule{_unless(item, other)}.",
        "critical" if both and not _unless(item, other) else None,
    )


def _unreached(world: World) -> Iterator[Finding]:
    for item in world.virtual_services:
        routes = routes_of(item, {})
        first = next((r.index for r in routes if r.catches_all), len(routes))
        for route in routes[first + 1 :]:
            yield ROUTE_NEVER_REACHED.at(
                item,
                route.path,
                f"{route.title} is never reached: http[{first}] takes every request",
                "Put the route that matches everything last, or remove this one.",
            )


def _dotted(world: World) -> Iterator[Finding]:
    judged = (*world.virtual_services, *world.destination_rules)
    namespaces = {item.namespace for item in judged} - {""}
    for item in judged:
        hosts = [(("spec", "hosts", i), h) for i, h in enumerate(item.spec.get("hosts", []))]
        hosts += [(("spec", "host", 0), item.spec["host"])] if "host" in item.spec else []
        for path, host in hosts:
            parts = full_host(str(host), item).split(".")
            if len(parts) in (2, 3) and parts[1] in namespaces and parts[2:] in ([], ["svc"]):
                yield HOST_NOT_FULL.at(
                    item,
                    path,
                    f"{host} is taken as it stands and is not the Kubernetes service {parts[0]} "
                    f"in {parts[1]}",
                    f"Write {parts[0]}.{parts[1]}.svc.cluster.local.",
                )
