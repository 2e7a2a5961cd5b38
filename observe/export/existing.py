"""VirtualServices that are already there, as far as timeouts are concerned."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from observe.durations import duration_ms, shown
from observe.errors import InputError
from observe.export.hosts import abbreviates, covers, domain_of, resolve
from observe.export.yaml_io import Document, YamlPath

#: What a VirtualService is bound to when it names no gateway: every proxy of the mesh.
MESH = "mesh"
API_GROUP = "networking.istio.io"
API_VERSIONS = tuple(f"{API_GROUP}/{version}" for version in ("v1", "v1beta1", "v1alpha3"))


@dataclass(frozen=True)
class RouteTimeout:
    """The timeout of one http route.

    Attributes:
        index: place among the http routes of the object.
        name: name of the route, or "".
        timeout_ms: milliseconds; None where none is set (the proxy then waits without end).
        line: line of the route in its file.
    """

    index: int
    name: str
    timeout_ms: float | None
    line: int


@dataclass(frozen=True)
class ExistingVirtualService:
    """One VirtualService and where it stands.

    Attributes:
        name: its name, "" when the cluster is to generate one.
        namespace: its namespace; None when the file does not say.
        file: the file as it was given.
        relative: the file below the folder that was given, with `/`.
        document: document of the file.
        path: where the object is in the document (empty, or an item of a List).
        data: the object.
    """

    name: str
    namespace: str | None
    file: Path
    relative: str
    document: Document
    path: YamlPath
    data: dict[str, Any]

    @property
    def line(self) -> int:
        """The line the object begins at."""
        return self.document.line_of(self.path)

    @property
    def place(self) -> str:
        """File and line: `shop/payment.yaml:12`."""
        return f"{self.relative}:{self.line}"

    @property
    def label(self) -> str:
        """Object and place for a message: `shop/payment (shop/payment.yaml:12)`."""
        return f"{self.namespace or '-'}/{self.name or '-'} ({self.place})"

    @property
    def spec(self) -> dict[str, Any]:
        """The `spec`."""
        spec: dict[str, Any] = self.data["spec"]
        return spec

    @property
    def hosts(self) -> list[str]:
        """The hosts as written; empty for a delegate."""
        return list(self.spec.get("hosts") or [])

    @property
    def http(self) -> list[dict[str, Any]]:
        """The http routes."""
        return list(self.spec.get("http") or [])

    @property
    def in_mesh(self) -> bool:
        """Whether the proxies of the mesh apply it, not only a gateway."""
        return MESH in (self.spec.get("gateways") or [MESH])

    @property
    def has_delegate(self) -> bool:
        """Whether a route hands over to another VirtualService."""
        return any("delegate" in route for route in self.http)

    def defines(self, service: str, namespace: str) -> bool:
        """Whether the service is one of its hosts, by its full or its short name."""
        return any(self._full(host, service, namespace) == service for host in self.hosts)

    def covers(self, service: str) -> bool:
        """Whether a wildcard host matches the service."""
        return any(covers(host, service) for host in self.hosts)

    def abbreviates(self, service: str) -> bool:
        """Whether a host looks like the service but stops short of its full name."""
        return any(abbreviates(host, service) for host in self.hosts)

    def destinations(self, index: int, service: str, namespace: str) -> set[str]:
        """The full names of the hosts that a route sends to."""
        hosts = (_destination_host(item) for item in self.http[index].get("route") or [])
        return {self._full(host, service, namespace) for host in hosts}

    def mesh_routes(self) -> list[int]:
        """Indexes of the http routes that the proxies of the mesh apply."""
        return [index for index, route in enumerate(self.http) if _matches_mesh(route)]

    def routes_to(self, service: str, namespace: str) -> list[RouteTimeout]:
        """The routes of the mesh that send anything to the service, with their timeouts.

        Raises:
            InputError: a timeout is not a duration.
        """
        return [
            self._timeout(index)
            for index in self.mesh_routes()
            if service in self.destinations(index, service, namespace)
        ]

    def _timeout(self, index: int) -> RouteTimeout:
        route = self.http[index]
        path = (*self.path, "spec", "http", index)
        written = route.get("timeout")
        length = Fraction(0)
        if written is not None:
            try:
                length = duration_ms(written)
            except InputError as error:
                line = self.document.line_of((*path, "timeout"))
                raise InputError(
                    f"{self.file}, line {line}: the timeout {shown(written)} is not a duration",
                    error.hint,
                ) from error
        # 0s, which Istio took for "disabled" before it began to refuse it
        value = float(length) if length > 0 else None
        return RouteTimeout(index, str(route.get("name") or ""), value, self.document.line_of(path))

    def _full(self, host: str, service: str, namespace: str) -> str:
        return resolve(host, self.namespace or namespace, domain_of(service))


def _destination_host(item: dict[str, Any] | None) -> str:
    destination = (item or {}).get("destination")
    return str(destination.get("host", "")) if isinstance(destination, dict) else ""


def _matches_mesh(route: dict[str, Any]) -> bool:
    matches = route.get("match") or []
    return not matches or any(
        not (match or {}).get("gateways") or MESH in match["gateways"] for match in matches
    )


def virtual_services(document: Document, file: Path, relative: str) -> list[ExistingVirtualService]:
    """The VirtualServices of one document, those inside a List too.

    Raises:
        InputError: one has a field of the wrong type.
    """
    return [
        _existing(data, path, document, file, relative)
        for data, path in _objects(document.data, ())
        if data.get("kind") == "VirtualService" and data.get("apiVersion") in API_VERSIONS
    ]


def _objects(data: Any, path: YamlPath) -> list[tuple[dict[str, Any], YamlPath]]:
    if not isinstance(data, dict):
        return []
    items = data.get("items")
    if not (str(data.get("kind", "")).endswith("List") and isinstance(items, list)):
        return [(data, path)]
    return [found for i, item in enumerate(items) for found in _objects(item, (*path, "items", i))]


def _existing(
    data: dict[str, Any], path: YamlPath, document: Document, file: Path, relative: str
) -> ExistingVirtualService:
    def require(holds: bool, where: YamlPath, what: str) -> None:
        if not holds:
            line = document.line_of((*path, *where))
            raise InputError(
                f"{file}, line {line}: {'.'.join(map(str, where))} is not {what}",
                "correct the VirtualService",
            )

    metadata, spec = data.get("metadata") or {}, data.get("spec")
    require(isinstance(metadata, dict), ("metadata",), "a mapping")
    require(isinstance(spec, dict), ("spec",), "a mapping")
    assert isinstance(spec, dict)  # noqa: S101 (for the type checker; required above)
    for field in ("hosts", "gateways"):
        value = spec.get(field) or []
        texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
        require(texts, ("spec", field), "a list of names")
    http = spec.get("http") or []
    require(isinstance(http, list), ("spec", "http"), "a list")
    for index, route in enumerate(http):
        require(isinstance(route, dict), ("spec", "http", index), "a mapping")
        for field in ("route", "match"):
            value = route.get(field) or []
            maps = isinstance(value, list) and all(isinstance(v, dict | None) for v in value)
            require(maps, ("spec", "http", index, field), "a list of mappings")
    namespace = metadata.get("namespace")
    return ExistingVirtualService(
        name=str(metadata.get("name") or ""),
        namespace=str(namespace) if namespace else None,
        file=file,
        relative=relative,
        document=document,
        path=path,
        data=data,
    )
