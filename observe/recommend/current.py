"""What recommenders need to know about the settings that are there already."""

from __future__ import annotations

from typing import Protocol


class CurrentTimeout(Protocol):
    """The timeouts that a host's routes have today."""

    @property
    def route_timeouts_ms(self) -> tuple[float | None, ...]:
        """One entry a route: the timeout in ms, or None where none is set."""

    @property
    def source(self) -> str:
        """Where it stands, such as `shop/payment.yaml:12`."""


class CurrentSettings(Protocol):
    """Looks up what is set for a host."""

    def timeout_for(self, service: str, cluster: str | None = None) -> CurrentTimeout | None:
        """The timeouts of a host as the clients in a cluster see them; None when it has none."""


def shortest_timeout(now: CurrentTimeout | None) -> float | None:
    """The shortest timeout (ms) of a host's routes, the first that cuts; None when none is set."""
    timeouts = now.route_timeouts_ms if now else ()
    return min((t for t in timeouts if t is not None), default=None)
