"""The fields that recommendations propose, and where each is written.

`keys` is the way to a value in `proposed` and `current` of a recommendation; `path` is the way to
it in an object, below the http route, the trafficPolicy or the spec of a Sidecar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Measure = Literal["duration", "count", "percent", "attempts", "conditions"]


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        keys: keys in `proposed` and `current`.
        path: keys in the object.
        measure: what its values are.
        since: the release of Istio that introduced it, where that is not long ago.
    """

    keys: tuple[str, ...]
    path: tuple[str, ...]
    measure: Measure
    since: tuple[int, int] | None = None


TIMEOUT = (Field(("timeout",), ("timeout",), "duration"),)

RETRIES = (
    Field(("attempts",), ("retries", "attempts"), "attempts"),
    Field(("perTryTimeout",), ("retries", "perTryTimeout"), "duration"),
    Field(("retryOn",), ("retries", "retryOn"), "conditions"),
    Field(("backoff",), ("retries", "backoff"), "duration", (1, 26)),
)

BUDGET = (
    Field(("retryBudget", "percent"), ("retryBudget", "percent"), "percent", (1, 27)),
    Field(
        ("retryBudget", "minRetryConcurrency"),
        ("retryBudget", "minRetryConcurrency"),
        "count",
        (1, 27),
    ),
)

_LIMITS = {
    "maxConnections": "tcp",
    "http1MaxPendingRequests": "http",
    "http2MaxRequests": "http",
    "maxRequestsPerConnection": "http",
}
POOL = tuple(
    Field((name,), ("connectionPool", part, name), "count") for name, part in _LIMITS.items()
)
INBOUND = tuple(
    Field(("inboundConnectionPool", name), ("inboundConnectionPool", part, name), "count")
    for name, part in _LIMITS.items()
)

OUTLIER = (
    Field(("consecutive5xxErrors",), ("outlierDetection", "consecutive5xxErrors"), "count"),
    Field(("consecutiveGatewayErrors",), ("outlierDetection", "consecutiveGatewayErrors"), "count"),
    Field(("interval",), ("outlierDetection", "interval"), "duration"),
    Field(("baseEjectionTime",), ("outlierDetection", "baseEjectionTime"), "duration"),
    Field(("maxEjectionPercent",), ("outlierDetection", "maxEjectionPercent"), "percent"),
    Field(("minHealthPercent",), ("outlierDetection", "minHealthPercent"), "percent"),
)

#: Kind of recommendation → all its fields. These kinds are exported.
OF_KIND: dict[str, tuple[Field, ...]] = {
    "timeout": TIMEOUT,
    "retry": RETRIES + BUDGET,
    "connectionPool": POOL + INBOUND,
    "outlierDetection": OUTLIER,
}


class _Absent:
    """Nothing is said of a field, which is not the same as null."""


ABSENT = _Absent()


def value_at(holder: Mapping[str, Any] | None, path: tuple[str, ...]) -> Any:
    """The value at the end of a path; ABSENT where the last key does not stand there.

    A null on the way is nothing set: None.
    """
    if holder is None:
        return ABSENT
    found: Any = holder
    for key in path:
        if found is None:
            return None
        if not isinstance(found, Mapping) or key not in found:
            return ABSENT
        found = found[key]
    return found
