"""The settings that there are today, read from the YAML files that set them.

Clusters: a file below a sub-folder that is named after a cluster (`east/...`) counts for that
cluster only; all other files count for every cluster. Which names are clusters is told by
`clusters`; where it is empty, a sub-folder named after the cluster asked for holds, together
with the files that lie in no sub-folder, all that counts for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from observe.export.existing import API_VERSIONS, ExistingObject, objects_in
from observe.export.existing_destinationrule import (
    ExistingDestinationRule,
    ExistingSidecar,
    HostRules,
    destination_rule_in,
    rules_for,
    sidecar_in,
)
from observe.export.existing_virtualservice import (
    ExistingRoute,
    ExistingVirtualService,
    virtual_service_in,
)
from observe.export.files import read_bytes, yaml_files
from observe.export.host_index import HostIndex
from observe.export.host_routes import CurrentTimeout, HostObjects
from observe.export.yaml_io import Document, load_documents, read_text

_READERS = {
    "VirtualService": virtual_service_in,
    "DestinationRule": destination_rule_in,
    "Sidecar": sidecar_in,
}
_WANTED = re.compile("|".join(_READERS).encode())

_Object = TypeVar("_Object", bound=ExistingObject)


@dataclass(frozen=True)
class Current:
    """All VirtualServices, DestinationRules and Sidecars found, and the files they stand in.

    Attributes:
        objects: the VirtualServices, in the order of files, documents and list items.
        rules: the DestinationRules, likewise.
        sidecars: the Sidecars, likewise.
        texts: relative name → text, for the files that hold one of them.
        taken: relative names of all YAML files seen.
        clusters: names of sub-folders that are clusters; empty when it is not known.
    """

    objects: tuple[ExistingVirtualService, ...] = ()
    rules: tuple[ExistingDestinationRule, ...] = ()
    sidecars: tuple[ExistingSidecar, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    clusters: frozenset[str] = frozenset()

    def with_clusters(self, names: Iterable[str]) -> Current:
        """The same, with the names of all clusters known."""
        return replace(self, clusters=self.clusters | frozenset(names))

    @cached_property
    def _folders(self) -> frozenset[str]:
        everything: tuple[ExistingObject, ...] = (*self.objects, *self.rules, *self.sidecars)
        return frozenset(_folder(item.relative) for item in everything) - {""}

    @cached_property
    def _by_host(self) -> HostIndex[ExistingVirtualService]:
        return HostIndex(self.objects, lambda item: item.hosts)

    @cached_property
    def _by_destination(self) -> HostIndex[ExistingVirtualService]:
        return HostIndex(self.objects, lambda item: item.destination_hosts)

    @cached_property
    def _rules_by_host(self) -> HostIndex[ExistingDestinationRule]:
        return HostIndex(self.rules, lambda item: item.hosts)

    def has_folder(self, cluster: str | None) -> bool:
        """Whether a sub-folder with such objects is named after the cluster."""
        return cluster in self._folders

    def for_cluster(self, cluster: str | None) -> tuple[ExistingVirtualService, ...]:
        """The VirtualServices that count for a cluster; all of them for None."""
        return self.counting(self.objects, cluster)

    def counting(self, items: tuple[_Object, ...], cluster: str | None) -> tuple[_Object, ...]:
        """Those of some objects that count for a cluster; all of them for None."""
        if cluster is None:
            return items
        if self.clusters:
            others = self.clusters - {cluster}
            return tuple(o for o in items if _folder(o.relative) not in others)
        if not self.has_folder(cluster):
            return items
        return tuple(o for o in items if _folder(o.relative) in (cluster, ""))

    def find_rules(self, service: str, namespace: str, cluster: str | None = None) -> HostRules:
        """The DestinationRules that have to do with a service, by how they do."""
        rules = self._rules_by_host.candidates(service)
        return rules_for(self.counting(rules, cluster), service, namespace)

    def find(self, service: str, namespace: str, cluster: str | None = None) -> HostObjects:
        """The objects that have to do with a service, by how they do."""
        found: dict[str, list[ExistingVirtualService]] = {
            "defining": [],
            "wildcard": [],
            "abbreviated": [],
            "gateway_only": [],
        }
        for item in self.counting(self._by_host.candidates(service), cluster):
            if item.defines(service, namespace):
                found["defining" if item.in_mesh else "gateway_only"].append(item)
            elif item.in_mesh and item.covers(service):
                found["wildcard"].append(item)
            elif item.in_mesh and item.abbreviates(service):
                found["abbreviated"].append(item)
        return HostObjects(**{kind: tuple(items) for kind, items in found.items()})

    def subsets_named(self, service: str, namespace: str, cluster: str | None = None) -> list[str]:
        """The subsets of a service that VirtualServices route to, sorted."""
        items = self.counting(self._by_destination.candidates(service), cluster)
        return sorted({name for item in items for name in item.subsets_of(service, namespace)})

    def timeout_for(self, service: str, cluster: str | None = None) -> CurrentTimeout | None:
        """What is set in the mesh for a service; None when no object defines its host.

        Args:
            service: full name, such as `payment.shop.svc.cluster.local`.
            cluster: cluster whose configuration counts; None: all files.

        Raises:
            InputError: a timeout in a file is not a duration.
        """
        namespace = namespace_of(service)
        found = self.find(service, namespace, cluster)
        objects = found.defining or found.wildcard
        if not objects:
            return None
        routes = tuple(r for item in objects for r in item.routes_to(service, namespace))
        places = tuple(item.place for item in objects)
        return CurrentTimeout(service, routes, places, wildcard=not found.defining)

    def retries_for(self, service: str, cluster: str | None = None) -> tuple[ExistingRoute, ...]:
        """The retries of the routes to a host, one entry a route; none without an object.

        Args:
            service: full name, such as `payment.shop.svc.cluster.local`.
            cluster: cluster whose configuration counts; None: all files.

        Raises:
            InputError: a timeout or the retries in a file cannot be read.
        """
        found = self.timeout_for(service, cluster)
        return found.routes if found else ()

    def traffic_policy_for(
        self, service: str, cluster: str | None = None
    ) -> ExistingDestinationRule | None:
        """The DestinationRule whose trafficPolicy counts for the clients of a service.

        That is, for clients whose own namespace has none; of several in one namespace the first
        with a trafficPolicy counts. None when there is none.
        """
        found = self.find_rules(service, namespace_of(service), cluster)
        rules = [rule for rule in found.in_force if not rule.selects_clients]
        return next((rule for rule in rules if rule.policy), rules[0] if rules else None)


def namespace_of(service: str) -> str:
    """`shop` for `payment.shop.svc.cluster.local`; "" for a host that is no Kubernetes service."""
    name, found, _ = service.partition(".svc.")
    return name.rpartition(".")[2] if found else ""


def read_current(
    paths: Path | str | Collection[Path | str], clusters: Iterable[str] = ()
) -> Current:
    """All such objects in files and folders (`*.yaml`, `*.yml`, all the way down, sorted).

    A file inside a folder is only parsed when it mentions one of the kinds: other manifests and
    chart templates may lie beside them.

    Args:
        paths: files and folders.
        clusters: names of the clusters, where known (see the module).

    Raises:
        InputError: a path does not exist, or a file is unreadable, not UTF-8, malformed YAML or
            holds such an object with a field of the wrong type.
    """
    objects: list[ExistingObject] = []
    texts: dict[str, str] = {}
    taken: set[str] = set()
    for file, relative, explicit in yaml_files(paths):
        taken.add(relative)
        if not explicit and not _WANTED.search(read_bytes(file)):
            continue
        text = read_text(file)
        found = [
            item
            for document in load_documents(text, str(file))
            for item in _objects_of(document, file, relative)
        ]
        if found:
            objects += found
            texts[relative] = text
    return Current(
        tuple(o for o in objects if isinstance(o, ExistingVirtualService)),
        tuple(o for o in objects if isinstance(o, ExistingDestinationRule)),
        tuple(o for o in objects if isinstance(o, ExistingSidecar)),
        texts,
        frozenset(taken),
        frozenset(clusters),
    )


def _objects_of(document: Document, file: Path, relative: str) -> list[ExistingObject]:
    return [
        _READERS[data["kind"]](data, path, document, file, relative)
        for data, path in objects_in(document.data)
        if str(data.get("kind")) in _READERS and data.get("apiVersion") in API_VERSIONS
    ]


def _folder(relative: str) -> str:
    """The first sub-folder of a relative file name, or ""."""
    first, slash, _ = relative.partition("/")
    return first if slash else ""
