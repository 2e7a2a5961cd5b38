"""What a recommendation or a signal is about."""

from __future__ import annotations

from observe.documents import CamelModel


class Target(CamelModel):
    """What a recommendation is about.

    Attributes:
        cluster: cluster whose configuration it belongs to (for a timeout: the clients'); None
            when the telemetry names none.
        namespace: namespace of the service.
        service: host as Istio reports it, such as `payment.shop.svc.cluster.local`.
        workload: workload name, for kinds that tune one.
        container: container name, for kinds that tune one.
    """

    cluster: str | None
    namespace: str
    service: str | None = None
    workload: str | None = None
    container: str | None = None

    @property
    def path(self) -> str:
        """`cluster/namespace/name`, as it stands in ids and on the command line."""
        host = self.service or self.workload or ""
        suffix = f".{self.namespace}.svc."
        name = host.split(suffix)[0] if suffix in host else host
        return "/".join((self.cluster or "-", self.namespace or "-", name))
