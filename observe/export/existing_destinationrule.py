"""DestinationRules and Sidecars that are already there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observe.export.existing import ExistingObject, fields_of
from observe.export.hosts import ROOT_NAMESPACE
from observe.export.yaml_io import Document, YamlPath

#: Blocks of a trafficPolicy that a subset or a port replaces as a whole.
BLOCKS = ("connectionPool", "outlierDetection")


@dataclass(frozen=True)
class ExistingDestinationRule(ExistingObject):
    """One DestinationRule and where it stands."""

    @property
    def hosts(self) -> list[str]:
        """Its one host, as written."""
        return [str(self.spec.get("host") or "")]

    @property
    def policy(self) -> dict[str, Any]:
        """The top-level `trafficPolicy`; empty where there is none."""
        found: dict[str, Any] = self.spec.get("trafficPolicy") or {}
        return found

    def block(self, name: str) -> dict[str, Any]:
        """A block of the top-level `trafficPolicy`, such as `connectionPool`; empty for none."""
        found: dict[str, Any] = self.policy.get(name) or {}
        return found

    @property
    def connection_pool(self) -> dict[str, Any]:
        """`connectionPool` as it is written; empty where there is none."""
        return self.block("connectionPool")

    @property
    def outlier_detection(self) -> dict[str, Any]:
        """`outlierDetection` as it is written; empty where there is none."""
        return self.block("outlierDetection")

    @property
    def retry_budget(self) -> dict[str, Any]:
        """`retryBudget` as it is written; empty where there is none."""
        return self.block("retryBudget")

    @property
    def source(self) -> str:
        """Where it stands, such as `shop/payment.yaml:12`."""
        return self.place

    @property
    def selects_clients(self) -> bool:
        """Whether only some clients take it (`workloadSelector`)."""
        return bool(self.spec.get("workloadSelector"))

    def subsets_with_policy(self) -> list[tuple[str, dict[str, Any]]]:
        """(name, trafficPolicy) of the subsets that have one."""
        subsets = self.spec.get("subsets") or []
        return [(str(s.get("name")), s["trafficPolicy"]) for s in subsets if s.get("trafficPolicy")]

    def ports(self) -> list[tuple[str, dict[str, Any]]]:
        """(port number, settings) of the top-level `portLevelSettings`."""
        settings = self.policy.get("portLevelSettings") or []
        return [(str((port.get("port") or {}).get("number", "?")), port) for port in settings]


@dataclass(frozen=True)
class ExistingSidecar(ExistingObject):
    """One Sidecar and where it stands."""

    @property
    def hosts(self) -> list[str]:
        """A Sidecar is for workloads, not for hosts."""
        return []

    @property
    def selects_workloads(self) -> bool:
        """Whether it is for some workloads of its namespace only."""
        return bool(self.spec.get("workloadSelector"))

    @property
    def inbound_pool(self) -> dict[str, Any]:
        """`inboundConnectionPool` as it is written; empty where there is none."""
        found: dict[str, Any] = self.spec.get("inboundConnectionPool") or {}
        return found


@dataclass(frozen=True)
class HostRules:
    """The DestinationRules that have to do with one host, by how they do.

    A client takes the rules of its own namespace, else those of the service's, else those of the
    root namespace; the first namespace with a match counts alone (pilot/pkg/model/push_context.go).

    Attributes:
        own: of the service's namespace.
        root: of the root namespace.
        elsewhere: of other namespaces, where they count for the clients there.
        wildcard: of the service's or the root namespace, by a wildcard host.
        abbreviated: whose host stops short of the full name.
    """

    own: tuple[ExistingDestinationRule, ...] = ()
    root: tuple[ExistingDestinationRule, ...] = ()
    elsewhere: tuple[ExistingDestinationRule, ...] = ()
    wildcard: tuple[ExistingDestinationRule, ...] = ()
    abbreviated: tuple[ExistingDestinationRule, ...] = ()

    @property
    def in_force(self) -> tuple[ExistingDestinationRule, ...]:
        """Those that clients without a rule of their own namespace take."""
        wild = [rule for rule in self.wildcard if rule.namespace != ROOT_NAMESPACE]
        return self.own or tuple(wild) or self.root or self.wildcard


def rules_for(rules: Iterable[ExistingDestinationRule], service: str, namespace: str) -> HostRules:
    """The DestinationRules that have to do with a service; a file without namespace is its own."""
    found: dict[str, list[ExistingDestinationRule]] = {
        name: [] for name in ("own", "root", "elsewhere", "wildcard", "abbreviated")
    }
    for rule in rules:
        if rule.defines(service, namespace):
            here = rule.namespace in (namespace, None)
            root = rule.namespace == ROOT_NAMESPACE
            found["own" if here else "root" if root else "elsewhere"].append(rule)
        elif rule.covers(service):
            if rule.namespace in (namespace, None, ROOT_NAMESPACE):
                found["wildcard"].append(rule)
        elif rule.abbreviates(service):
            found["abbreviated"].append(rule)
    return HostRules(**{kind: tuple(items) for kind, items in found.items()})


def destination_rule_in(
    data: dict[str, Any], path: YamlPath, document: Document, file: Path, relative: str
) -> ExistingDestinationRule:
    """One DestinationRule of a document.

    Raises:
        InputError: it has a field of the wrong type.
    """
    fields = fields_of(data, path, document, file)
    spec = data["spec"]
    fields.require(isinstance(spec.get("host", ""), str), ("spec", "host"), "a name")
    fields.names(("exportTo",))
    where: YamlPath = ("spec", "trafficPolicy")
    policy = fields.mapping(spec, where)
    for name in (*BLOCKS, "retryBudget"):
        fields.mapping(policy, (*where, name))
    for name in ("tcp", "http"):
        fields.mapping(policy.get("connectionPool") or {}, (*where, "connectionPool", name))
    ports = policy.get("portLevelSettings") or []
    maps = isinstance(ports, list) and all(isinstance(port, dict) for port in ports)
    fields.require(maps, (*where, "portLevelSettings"), "a list of mappings")
    subsets = spec.get("subsets") or []
    fields.require(isinstance(subsets, list), ("spec", "subsets"), "a list")
    for index, subset in enumerate(subsets):
        at: YamlPath = ("spec", "subsets", index)
        fields.require(isinstance(subset, dict), at, "a mapping")
        fields.mapping(subset, (*at, "trafficPolicy"))
    return ExistingDestinationRule(**fields.identity(relative))


def sidecar_in(
    data: dict[str, Any], path: YamlPath, document: Document, file: Path, relative: str
) -> ExistingSidecar:
    """One Sidecar of a document.

    Raises:
        InputError: it has a field of the wrong type.
    """
    fields = fields_of(data, path, document, file)
    where: YamlPath = ("spec", "inboundConnectionPool")
    pool = fields.mapping(data["spec"], where)
    for name in ("tcp", "http"):
        fields.mapping(pool, (*where, name))
    return ExistingSidecar(**fields.identity(relative))
