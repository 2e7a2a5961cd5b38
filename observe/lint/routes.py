"""The http routes of a VirtualService, with the timeouts and retries that count for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from observe.export.retries import Retries, as_ms, retries_of
from observe.export.yaml_io import YamlPath
from observe.lint.objects import ConfigObject

#: Methods that a client may repeat (RFC 9110, 9.2.2).
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


@dataclass(frozen=True, eq=False)
class Route:
    """One http route.

    Attributes:
        holder: the object that it stands in.
        index: place among that object's http routes.
        data: the route.
        timeout_ms: the timeout that counts; None where there is none.
        retries: the retries that count; None where Istio's default does.
        timeout_at, retries_at: where they stand: an object and a path in it.
    """

    holder: ConfigObject
    index: int
    data: dict[str, Any]
    timeout_ms: float | None
    retries: Retries | None
    timeout_at: tuple[ConfigObject, YamlPath]
    retries_at: tuple[ConfigObject, YamlPath]

    @property
    def path(self) -> YamlPath:
        """Where the route stands in its object."""
        return ("spec", "http", self.index)

    @property
    def title(self) -> str:
        """`http[0]`, with its name if it has one."""
        name = self.data.get("name")
        return f"http[{self.index}] {name}" if name else f"http[{self.index}]"

    @property
    def destination_hosts(self) -> list[str]:
        """The hosts it sends to, as written."""
        found = (part.get("destination", {}).get("host") for part in self.data.get("route", []))
        return [str(host) for host in found if host]

    @property
    def in_mesh(self) -> bool:
        """Whether the proxies of the mesh apply it."""
        matches = self.data.get("match", [])
        return not matches or any("mesh" in m.get("gateways", ["mesh"]) for m in matches)

    @property
    def catches_all(self) -> bool:
        """Whether it takes every request of the object's hosts."""
        matches = self.data.get("match", [])
        return not matches or any(_takes_all(match) for match in matches)

    @property
    def methods(self) -> frozenset[str] | None:
        """The methods it matches; None where it takes any."""
        matches = self.data.get("match", [])
        exact = [match.get("method", {}).get("exact") for match in matches]
        return frozenset(map(str, exact)) if matches and all(exact) else None


def _takes_all(match: dict[str, Any]) -> bool:
    conditions = {key: value for key, value in match.items() if key not in ("name", "statPrefix")}
    if conditions.keys() - {"uri"}:
        return False
    return conditions.get("uri", {"prefix": "/"}) in ({"prefix": "/"}, {"regex": ".*"})


def routes_of(item: ConfigObject, delegates: Mapping[tuple[str, str], ConfigObject]) -> list[Route]:
    """The routes of a VirtualService; one that delegates gives way to those of the delegate.

    A delegate's routes take timeout and retries from the route that hands over where they have
    none of their own (pilot/pkg/model, mergeHTTPRoute). A delegate that is not at hand leaves the
    route as it is.
    """
    routes = []
    for index, data in enumerate(item.spec.get("http", [])):
        route = _route(item, index, data, None)
        to = data.get("delegate", {})
        found = delegates.get((str(to.get("namespace") or item.namespace), str(to.get("name"))))
        if found is None:
            routes.append(route)
        else:
            inner = enumerate(found.spec.get("http", []))
            routes += [_route(found, place, part, route) for place, part in inner]
    return routes


def _route(item: ConfigObject, index: int, data: dict[str, Any], root: Route | None) -> Route:
    path: YamlPath = ("spec", "http", index)
    timeout, retries = as_ms(data.get("timeout")), _retries(data)
    timeout_at = (item, (*path, "timeout") if "timeout" in data else path)
    retries_at = (item, (*path, "retries") if "retries" in data else path)
    if root is not None and "timeout" not in data:
        timeout, timeout_at = root.timeout_ms, root.timeout_at
    if root is not None and "retries" not in data:
        retries, retries_at = root.retries, root.retries_at
    return Route(item, index, data, timeout, retries, timeout_at, retries_at)


def _retries(route: dict[str, Any]) -> Retries | None:
    return retries_of(route["retries"]) if "retries" in route else None
