"""The timeouts that are set today, read from the YAML files that set them.

Clusters: a file below a sub-folder that is named after a cluster (`east/...`) counts for that
cluster only; all other files count for every cluster. Which names are clusters is told by
`clusters`; where it is empty, a sub-folder named after the cluster asked for holds, together
with the files that lie in no sub-folder, all that counts for it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from observe.errors import InputError
from observe.export.existing import ExistingVirtualService, RouteTimeout, virtual_services
from observe.export.yaml_io import load_documents, read_text
from observe.recommend.current import CurrentRetries, CurrentTrafficPolicy


@dataclass(frozen=True)
class CurrentTimeout:
    """What is set today for one service.

    Attributes:
        host: full name of the service.
        routes: the http routes that lead to it, object by object.
        objects: the places of the objects that define the host, `shop/payment.yaml:12`.
        wildcard: whether only a wildcard host such as `*.shop.svc.cluster.local` defines it.
    """

    host: str
    routes: tuple[RouteTimeout, ...]
    objects: tuple[str, ...]
    wildcard: bool = False

    @property
    def conflict(self) -> bool:
        """Whether several objects define the host; the mesh then applies the oldest alone."""
        return len(self.objects) > 1

    @property
    def differ(self) -> bool:
        """Whether the routes do not all have the same timeout."""
        return len({route.timeout_ms for route in self.routes}) > 1

    @property
    def timeout_ms(self) -> float | None:
        """The timeout in milliseconds; None where none is set or the routes differ."""
        return self.routes[0].timeout_ms if self.routes and not self.differ else None

    @property
    def route_timeouts_ms(self) -> tuple[float | None, ...]:
        """One entry a route: milliseconds, or None where none is set."""
        return tuple(route.timeout_ms for route in self.routes)

    @property
    def source(self) -> str:
        """Where it stands, such as `shop/payment.yaml:12`."""
        return ", ".join(self.objects)


@dataclass(frozen=True)
class HostObjects:
    """The objects that have to do with one host, by how they do."""

    defining: tuple[ExistingVirtualService, ...] = ()
    wildcard: tuple[ExistingVirtualService, ...] = ()
    abbreviated: tuple[ExistingVirtualService, ...] = ()
    gateway_only: tuple[ExistingVirtualService, ...] = ()


@dataclass(frozen=True)
class Current:
    """All VirtualServices found, and the files they stand in.

    Attributes:
        objects: in the order of files, documents and list items.
        texts: relative name → text, for the files that hold a VirtualService.
        taken: relative names of all YAML files seen.
        clusters: names of sub-folders that are clusters; empty when it is not known.
    """

    objects: tuple[ExistingVirtualService, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    clusters: frozenset[str] = frozenset()

    def with_clusters(self, names: Iterable[str]) -> Current:
        """The same, with the names of all clusters known."""
        return replace(self, clusters=self.clusters | frozenset(names))

    def has_folder(self, cluster: str | None) -> bool:
        """Whether a sub-folder with VirtualServices is named after the cluster."""
        return cluster is not None and any(_folder(o.relative) == cluster for o in self.objects)

    def for_cluster(self, cluster: str | None) -> tuple[ExistingVirtualService, ...]:
        """The objects that count for a cluster; all of them for None."""
        if cluster is None:
            return self.objects
        if self.clusters:
            others = self.clusters - {cluster}
            return tuple(o for o in self.objects if _folder(o.relative) not in others)
        if not self.has_folder(cluster):
            return self.objects
        return tuple(o for o in self.objects if _folder(o.relative) in (cluster, ""))

    def find(self, service: str, namespace: str, cluster: str | None = None) -> HostObjects:
        """The objects that have to do with a service, by how they do."""
        found: dict[str, list[ExistingVirtualService]] = {
            "defining": [],
            "wildcard": [],
            "abbreviated": [],
            "gateway_only": [],
        }
        for item in self.for_cluster(cluster):
            if item.defines(service, namespace):
                found["defining" if item.in_mesh else "gateway_only"].append(item)
            elif item.in_mesh and item.covers(service):
                found["wildcard"].append(item)
            elif item.in_mesh and item.abbreviates(service):
                found["abbreviated"].append(item)
        return HostObjects(**{kind: tuple(items) for kind, items in found.items()})

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

    def retries_for(self, service: str, cluster: str | None = None) -> tuple[CurrentRetries, ...]:
        """The retries of the routes to a host; none are looked for yet."""
        return ()

    def traffic_policy_for(
        self, service: str, cluster: str | None = None
    ) -> CurrentTrafficPolicy | None:
        """The traffic policy of a host; none is looked for yet."""
        return None


def namespace_of(service: str) -> str:
    """`shop` for `payment.shop.svc.cluster.local`; "" for a host that is no Kubernetes service."""
    name, found, _ = service.partition(".svc.")
    return name.rpartition(".")[2] if found else ""


def read_current(
    paths: Path | str | Collection[Path | str], clusters: Iterable[str] = ()
) -> Current:
    """All VirtualServices in files and folders (`*.yaml`, `*.yml`, all the way down, sorted).

    A file inside a folder is only parsed when it mentions a VirtualService: other manifests and
    chart templates may lie beside them.

    Args:
        paths: files and folders.
        clusters: names of the clusters, where known (see the module).

    Raises:
        InputError: a path does not exist, or a file is unreadable, not UTF-8, malformed YAML or
            holds a VirtualService with a field of the wrong type.
    """
    objects: list[ExistingVirtualService] = []
    texts: dict[str, str] = {}
    taken: set[str] = set()
    for file, relative, explicit in yaml_files(paths):
        taken.add(relative)
        if not explicit and b"VirtualService" not in read_bytes(file):
            continue
        text = read_text(file)
        found = [
            item
            for document in load_documents(text, str(file))
            for item in virtual_services(document, file, relative)
        ]
        if found:
            objects += found
            texts[relative] = text
    return Current(tuple(objects), texts, frozenset(taken), frozenset(clusters))


def yaml_files(paths: Path | str | Collection[Path | str]) -> Iterator[tuple[Path, str, bool]]:
    """All YAML files in files and folders, each once, sorted within a folder.

    Yields:
        The file as it was given, its name below the folder that was given (below the common one
        where there are several) with `/`, and whether it was named itself.

    Raises:
        InputError: a path does not exist.
    """
    given = [Path(p) for p in ([paths] if isinstance(paths, Path | str) else paths)]
    if len(given) == 1:
        base = given[0] if given[0].is_dir() else given[0].parent
    else:
        base = Path(os.path.commonpath([p.absolute().parent for p in given])) if given else Path()
    seen: set[str] = set()
    for file, explicit in [found for path in given for found in _below(path)]:
        relative = PurePosixPath(file.absolute().relative_to(base.absolute())).as_posix()
        if relative not in seen:
            seen.add(relative)
            yield file, relative, explicit


def _below(path: Path) -> list[tuple[Path, bool]]:
    """Files below a path, and whether each was named itself."""
    if path.is_dir():
        found = (p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.is_file())
        return [(p, False) for p in sorted(found)]
    if not path.exists():
        raise InputError(f"{path} does not exist", "name a file or folder with VirtualServices")
    return [(path, True)]


def read_bytes(file: Path) -> bytes:
    """The content of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error


def _folder(relative: str) -> str:
    """The first sub-folder of a relative file name, or ""."""
    first, slash, _ = relative.partition("/")
    return first if slash else ""
