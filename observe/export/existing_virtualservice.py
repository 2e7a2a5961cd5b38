"""VirtualServices that are already there: their http routes with timeouts and retries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observe.durations import shown
from observe.errors import InputError
from observe.export.existing import ExistingObject, fields_of
from observe.export.retries import Retries, retries_of
from observe.export.yaml_io import Document, YamlPath

#: What a VirtualService is bound to when it names no gateway: every proxy of the mesh.
MESH = "mesh"


@dataclass(frozen=True)
class ExistingRoute:
    """One http route.

    Attributes:
        index: place among the http routes of the object.
        name: name of the route, or "".
        timeout_ms: milliseconds; None where none is set (the proxy then waits without end).
        retries: None where nothing is said and the mesh's default applies.
        line: line of the route in its file.
        source: file and line of its retries, or of the route where it has none.
    """

    index: int
    name: str
    timeout_ms: float | None
    retries: Retries | None
    line: int
    source: str

    @property
    def attempts(self) -> int | None:
        """Retries of a request; None where nothing is said and the mesh's default applies."""
        return self.retries.attempts if self.retries else None

    @property
    def per_try_timeout_ms(self) -> float | None:
        """Timeout of each try (ms); None where none is set."""
        return self.retries.per_try_ms if self.retries else None

    @property
    def retry_on(self) -> tuple[str, ...]:
        """What is retried; empty where the default applies."""
        return self.retries.retry_on if self.retries else ()


@dataclass(frozen=True)
class ExistingVirtualService(ExistingObject):
    """One VirtualService and where it stands."""

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

    @property
    def destination_hosts(self) -> list[str]:
        """The hosts that its http routes send to, as written."""
        sent = (item for route in self.http for item in route.get("route") or [])
        return [_destination_host(item) for item in sent]

    def destinations(self, index: int, service: str, namespace: str) -> set[str]:
        """The full names of the hosts that a route sends to."""
        hosts = (_destination_host(item) for item in self.http[index].get("route") or [])
        return {self.full(host, service, namespace) for host in hosts}

    def subsets_of(self, service: str, namespace: str) -> set[str]:
        """The subsets of a service that its http routes send to."""
        sent = [item for route in self.http for item in route.get("route") or []]
        return {
            str(item["destination"]["subset"])
            for item in sent
            if self.full(_destination_host(item), service, namespace) == service
            and item["destination"].get("subset")
        }

    def mesh_routes(self) -> list[int]:
        """Indexes of the http routes that the proxies of the mesh apply."""
        return [index for index, route in enumerate(self.http) if _matches_mesh(route)]

    def routes_to(self, service: str, namespace: str) -> list[ExistingRoute]:
        """The routes of the mesh that send anything to the service.

        Raises:
            InputError: a timeout or the retries of one of them cannot be read.
        """
        return [
            self._route(index)
            for index in self.mesh_routes()
            if service in self.destinations(index, service, namespace)
        ]

    def _route(self, index: int) -> ExistingRoute:
        data = self.http[index]
        path: YamlPath = ("spec", "http", index)
        within = (*path, "retries") if data.get("retries") is not None else path
        return ExistingRoute(
            index=index,
            name=str(data.get("name") or ""),
            timeout_ms=self.milliseconds(data, (*path, "timeout")),
            retries=self._retries(data.get("retries"), (*path, "retries")),
            line=self.line_at(path),
            source=f"{self.relative}:{self.line_at(within)}",
        )

    def _retries(self, data: dict[str, Any] | None, path: YamlPath) -> Retries | None:
        if data is None:
            return None
        attempts = data.get("attempts")
        whole = isinstance(attempts, int) and not isinstance(attempts, bool)
        if attempts is not None and not (whole and attempts >= 0):
            raise InputError(
                f"{self.file}, line {self.line_at((*path, 'attempts'))}: attempts "
                f"{shown(attempts)} is not a number from 0",
                "correct the VirtualService",
            )
        for field in ("perTryTimeout", "backoff"):
            self.milliseconds(data, (*path, field))
        return retries_of(data)


def _destination_host(item: dict[str, Any] | None) -> str:
    destination = (item or {}).get("destination")
    return str(destination.get("host", "")) if isinstance(destination, dict) else ""


def _matches_mesh(route: dict[str, Any]) -> bool:
    matches = route.get("match") or []
    return not matches or any(
        not (match or {}).get("gateways") or MESH in match["gateways"] for match in matches
    )


def virtual_service_in(
    data: dict[str, Any], path: YamlPath, document: Document, file: Path, relative: str
) -> ExistingVirtualService:
    """One VirtualService of a document.

    Raises:
        InputError: it has a field of the wrong type.
    """
    fields = fields_of(data, path, document, file)
    fields.names(("hosts", "gateways", "exportTo"))
    http = data["spec"].get("http") or []
    fields.require(isinstance(http, list), ("spec", "http"), "a list")
    for index, route in enumerate(http):
        at: YamlPath = ("spec", "http", index)
        fields.require(isinstance(route, dict), at, "a mapping")
        for key in ("route", "match"):
            value = route.get(key) or []
            maps = isinstance(value, list) and all(isinstance(v, dict | None) for v in value)
            fields.require(maps, (*at, key), "a list of mappings")
        fields.mapping(route, (*at, "retries"))
    return ExistingVirtualService(**fields.identity(relative))
