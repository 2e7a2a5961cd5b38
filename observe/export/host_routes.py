"""What the VirtualServices that are there say of one host."""

from __future__ import annotations

from dataclasses import dataclass

from observe.export.existing_virtualservice import ExistingRoute, ExistingVirtualService


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
    routes: tuple[ExistingRoute, ...]
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
