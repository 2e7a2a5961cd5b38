"""All objects of one cluster, and which of them Istio applies to which host.

Rules: pkg/model of Istio. In the mesh one VirtualService counts for a host, the one with the most
specific host, then the oldest. A DestinationRule is looked up in the client's namespace, then in
the service's, then in the root namespace, and the first that is found counts alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from observe.export.hosts import CLUSTER_DOMAIN, ROOT_NAMESPACE, covers, resolve
from observe.export.retries import DEFAULT_ATTEMPTS
from observe.lint.objects import ConfigObject, share_clients
from observe.lint.routes import Route, routes_of

#: Per cent of retryBudget where it is set without a number.
DEFAULT_BUDGET = 20.0

_UNKNOWN = "?"


@dataclass(frozen=True)
class World:
    """The objects of one cluster.

    Attributes:
        objects: those whose structure is right, of all kinds.
        complete: whether nothing else is in the cluster (it was read, not just some files).
        default_attempts: meshConfig.defaultHttpRetryPolicy.attempts.
        root_namespace: namespace whose DestinationRules count for the whole mesh.
    """

    objects: tuple[ConfigObject, ...] = ()
    complete: bool = False
    default_attempts: int = DEFAULT_ATTEMPTS
    root_namespace: str = ROOT_NAMESPACE

    def of_kind(self, kind: str) -> tuple[ConfigObject, ...]:
        """The objects of a kind."""
        return tuple(item for item in self.objects if item.kind == kind)

    @cached_property
    def virtual_services(self) -> tuple[ConfigObject, ...]:
        """All of them, delegates too."""
        return self.of_kind("VirtualService")

    @cached_property
    def destination_rules(self) -> tuple[ConfigObject, ...]:
        """All of them."""
        return self.of_kind("DestinationRule")

    @cached_property
    def delegates(self) -> dict[tuple[str, str], ConfigObject]:
        """(namespace, name) → a VirtualService without hosts, which others hand over to."""
        return {
            (item.namespace, item.name): item
            for item in self.virtual_services
            if not item.spec.get("hosts")
        }

    @cached_property
    def mesh_hosts(self) -> dict[str, list[ConfigObject]]:
        """Full host → the VirtualServices of the mesh that name it, the oldest first."""
        found: dict[str, list[ConfigObject]] = defaultdict(list)
        for item in sorted(self.virtual_services, key=age):
            if in_mesh(item):
                for host in dict.fromkeys(hosts_of(item)):
                    found[host].append(item)
        return found

    @cached_property
    def rule_hosts(self) -> dict[str, list[ConfigObject]]:
        """Full host → the DestinationRules for it, the oldest first."""
        found: dict[str, list[ConfigObject]] = defaultdict(list)
        for item in sorted(self.destination_rules, key=age):
            found[full_host(str(item.spec.get("host", "")), item)].append(item)
        return found

    @cached_property
    def routes(self) -> dict[str, list[Route]]:
        """Full host → the http routes that send requests to it, delegates unfolded.

        Those of gateways and of the mesh; not those of a VirtualService that an older one for the
        same host makes ineffective.
        """
        found: dict[str, list[Route]] = defaultdict(list)
        for item in sorted(self.virtual_services, key=age):
            at_gateway = bool(set(item.spec.get("gateways") or ["mesh"]) - {"mesh"})
            hosts = hosts_of(item) if in_mesh(item) else []
            if not (at_gateway or any(self._applies(item, host) for host in hosts)):
                continue
            for route in routes_of(item, self.delegates):
                if at_gateway or route.in_mesh:
                    named = (full_host(host, route.holder) for host in route.destination_hosts)
                    for host in dict.fromkeys(named):
                        found[host].append(route)
        return found

    def rules_for(self, service: str) -> list[ConfigObject]:
        """The DestinationRules that name a service, or else those with its closest wildcard."""
        return _for_host(self.rule_hosts, service)

    def _applies(self, item: ConfigObject, host: str) -> bool:
        """Whether some client gets this object for a host, and no older one."""
        named = self.mesh_hosts[host]
        older = named[: next(i for i, other in enumerate(named) if other is item)]
        return not any(share_clients(item, other) for other in older)

    def routes_to(self, service: str) -> list[Route]:
        """The http routes that send requests to a service."""
        return [route for name in spellings(service) for route in self.routes.get(name, [])]

    @cached_property
    def own_inbound_pools(self) -> frozenset[str]:
        """Namespaces where a Sidecar sets the pools of the servers' side."""
        sidecars = self.of_kind("Sidecar")
        return frozenset(s.namespace for s in sidecars if "inboundConnectionPool" in s.spec)

    def budget_for(self, service: str) -> float | None:
        """Per cent of a service's requests that may be retries; None without a retryBudget."""
        for rule in self.rules_for(service)[:1]:
            budget = rule.spec.get("trafficPolicy", {}).get("retryBudget")
            if budget is not None:
                return float(budget.get("percent", DEFAULT_BUDGET))
        return None

    def attempts_for(self, service: str) -> tuple[int, Route | None]:
        """The most retries that a request to a service may get, and the route that says so.

        The route is None where Istio's default applies.
        """
        routes = self.routes_to(service)
        if not routes:
            return self.default_attempts, None
        said = [(r.retries.attempts if r.retries else self.default_attempts, r) for r in routes]
        attempts, route = max(said, key=lambda pair: pair[0])
        return attempts, route if route.retries else None


def age(item: ConfigObject) -> tuple[str, str, str, str]:
    """Sorts objects as Istio does: the oldest first; without dates by name and namespace."""
    return (item.created or "~", item.name, item.namespace, item.file)


def in_mesh(item: ConfigObject) -> bool:
    """Whether the proxies of the mesh apply a VirtualService to hosts of its own."""
    return bool(item.spec.get("hosts")) and "mesh" in (item.spec.get("gateways") or ["mesh"])


def full_host(host: str, item: ConfigObject) -> str:
    """The full name of a host written in an object."""
    return resolve(host.lower().removesuffix("."), item.namespace or _UNKNOWN)


def hosts_of(item: ConfigObject) -> list[str]:
    """The full hosts of a VirtualService."""
    return [full_host(str(host), item) for host in item.spec.get("hosts", [])]


def namespace_in(host: str) -> str:
    """`shop` for `payment.shop.svc.cluster.local`; "" where a host does not tell."""
    name, found, _ = host.partition(".svc.")
    return name.rpartition(".")[2].replace(_UNKNOWN, "") if found else ""


def shown_host(host: str) -> str:
    """A full host for a message; as it was written where its namespace is not known."""
    return host.removesuffix(f".{_UNKNOWN}.svc.{CLUSTER_DOMAIN}")


def spellings(service: str) -> tuple[str, ...]:
    """A service's full name, and how an object without a namespace may have named it."""
    name, found, rest = service.partition(".svc.")
    if not found or rest != CLUSTER_DOMAIN:
        return (service,)
    return (service, resolve(name.partition(".")[0], _UNKNOWN))


def _for_host(index: dict[str, list[ConfigObject]], service: str) -> list[ConfigObject]:
    exact = [item for name in spellings(service) for item in index.get(name, [])]
    if exact:
        return exact
    wild = [host for host in index if host.startswith("*") and covers(host, service)]
    return index[max(wild, key=len)] if wild else []


def labels(items: Iterable[ConfigObject]) -> str:
    """Objects with their places, for a message."""
    return ", ".join(f"{item.label} ({item.place})" for item in items)
