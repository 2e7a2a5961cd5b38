"""What recommenders need to know about the settings that are there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class CurrentTimeout(Protocol):
    """The timeouts that a host's routes have today."""

    @property
    def route_timeouts_ms(self) -> tuple[float | None, ...]:
        """One entry a route: the timeout in ms, or None where none is set."""

    @property
    def source(self) -> str:
        """Where it stands, such as `shop/payment.yaml:12`."""


class CurrentRetries(Protocol):
    """The retries that one route to a host has today."""

    @property
    def attempts(self) -> int | None:
        """Retries of a request; None where nothing is said and the mesh's default applies."""

    @property
    def per_try_timeout_ms(self) -> float | None:
        """Timeout of each try (ms); None where none is set."""

    @property
    def retry_on(self) -> tuple[str, ...]:
        """What is retried; empty where the default applies."""

    @property
    def source(self) -> str:
        """Where it stands, such as `shop/payment.yaml:12`."""


class CurrentTrafficPolicy(Protocol):
    """The top-level `trafficPolicy` of a host's DestinationRule."""

    @property
    def connection_pool(self) -> Mapping[str, Any]:
        """`connectionPool` as it is written; empty where there is none."""

    @property
    def outlier_detection(self) -> Mapping[str, Any]:
        """`outlierDetection` as it is written; empty where there is none."""

    @property
    def retry_budget(self) -> Mapping[str, Any]:
        """`retryBudget` as it is written; empty where there is none."""

    @property
    def source(self) -> str:
        """Where it stands, such as `shop/payment.yaml:12`."""


class CurrentSettings(Protocol):
    """Looks up what is set for a host."""

    def timeout_for(self, service: str, cluster: str | None = None) -> CurrentTimeout | None:
        """The timeouts of a host as the clients in a cluster see them; None when it has none."""

    def retries_for(self, service: str, cluster: str | None = None) -> tuple[CurrentRetries, ...]:
        """The retries of a host's routes, one entry a route; none where no object defines it."""

    def traffic_policy_for(
        self, service: str, cluster: str | None = None
    ) -> CurrentTrafficPolicy | None:
        """What the host's DestinationRule says for all its traffic; None when it has none."""


def shortest_timeout(now: CurrentTimeout | None) -> float | None:
    """The shortest timeout (ms) of a host's routes, the first that cuts; None when none is set."""
    timeouts = now.route_timeouts_ms if now else ()
    return min((t for t in timeouts if t is not None), default=None)
