"""How the connection pool that is set compares with the one that is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from observe.recommend.base_model import Severity
from observe.recommend.current import CurrentTrafficPolicy
from observe.recommend.policy import PoolPolicy
from observe.recommend.pool_limits import PoolEstimate
from observe.recommend.reasons import Reason

#: Where a connectionPool keeps its limits.
_PLACES = {
    "maxConnections": ("tcp", "maxConnections"),
    "http1MaxPendingRequests": ("http", "http1MaxPendingRequests"),
    "http2MaxRequests": ("http", "http2MaxRequests"),
    "maxRequestsPerConnection": ("http", "maxRequestsPerConnection"),
}
#: Limits that say how many requests may be under way.
_ON_REQUESTS = ("http2MaxRequests", "maxConnections")


@dataclass(frozen=True)
class PoolJudgement:
    """The verdict on what is set today.

    Attributes:
        reason: the code that leads the list of reasons.
        severity: how urgent a change is.
        words: the verdict as a sentence.
        current: the `current` object of the recommendation; None when nothing is known.
    """

    reason: Reason
    severity: Severity
    words: str
    current: dict[str, Any] | None


def current_limits(now: CurrentTrafficPolicy | None) -> dict[str, int]:
    """The limits that a host's DestinationRule sets; 0 is no limit in Istio, and left out."""
    pool: Mapping[str, Any] = now.connection_pool if now else {}
    found: dict[str, int] = {}
    for name, (part, field) in _PLACES.items():
        block = pool.get(part)
        value = block.get(field) if isinstance(block, Mapping) else None
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            found[name] = value
    return found


def current_pool(now: CurrentTrafficPolicy | None, known: bool) -> dict[str, Any] | None:
    """The `current` object: the limits that are set, and where they stand.

    Args:
        now: what the host's DestinationRule says; None when it has none.
        known: whether the settings of the mesh were given at all; None comes back when not.
    """
    if not known:
        return None
    limits: dict[str, Any] = dict(current_limits(now))
    return limits | {"source": now.source if now else None}


def judge_pool(
    estimate: PoolEstimate,
    now: CurrentTrafficPolicy | None,
    known: bool,
    refused: float,
    requests: float,
    timeout_ms: float | None,
    policy: PoolPolicy,
) -> PoolJudgement:
    """Compare what is set with what is proposed; see :func:`current_pool`.

    Args:
        estimate: the proposal.
        now: what is set for the host.
        known: whether the settings of the mesh were given at all.
        refused: requests that a pool refused in the window.
        requests: requests of the window.
        timeout_ms: the timeout that bounds a hang; None where there is none.
        policy: the knobs.
    """
    settings = current_pool(now, known)
    set_now = current_limits(now)
    if refused > 0:
        return _refused(estimate, set_now, settings, refused, requests)
    if not known:
        words = "What is set is not known."
        return PoolJudgement(Reason.POOL_UNKNOWN, "info", words, settings)
    bounding = {name: value for name, value in set_now.items() if _bounds(name, estimate)}
    if not bounding:
        return _none_set(settings, timeout_ms)
    return _against(estimate, bounding, settings, policy)


def _refused(
    estimate: PoolEstimate,
    set_now: Mapping[str, int],
    settings: dict[str, Any] | None,
    refused: float,
    requests: float,
) -> PoolJudgement:
    """A pool that refused requests: too small, or doing its work while the service hung."""
    words = f"A pool refused {refused:,.0f} requests ({refused / requests:.3%})"
    proposed = {name: value for name, value in set_now.items() if name in estimate.limits}
    if proposed and all(value >= estimate.limits[name] for name, value in proposed.items()):
        words += (
            f", although {_listed(proposed)} is above what is needed: the service was slow or hung "
            "then, and the pool did its work."
        )
        return PoolJudgement(Reason.POOL_OVERFLOWED, "warning", words, settings)
    words += f"; set: {_listed(proposed)}." if proposed else ", and what sets it is not known."
    words += " Whether the servers bear more has not been seen: raise it in steps."
    return PoolJudgement(Reason.POOL_OVERFLOWED, "critical", words, settings)


def _bounds(name: str, estimate: PoolEstimate) -> bool:
    """Whether a limit bounds requests: connections of HTTP/2 carry many each."""
    if name == "maxConnections":
        return estimate.connections is not None
    return name == "http2MaxRequests"


def _none_set(settings: dict[str, Any] | None, timeout_ms: float | None) -> PoolJudgement:
    if timeout_ms is None:
        words = "No pool is set, and no timeout: a service that hangs fills its clients' memory."
        return PoolJudgement(Reason.POOL_NONE_SET, "warning", words, settings)
    words = "No pool is set: only the timeout bounds what a hanging service holds."
    return PoolJudgement(Reason.POOL_NONE_SET, "info", words, settings)


def _against(
    estimate: PoolEstimate,
    bounding: Mapping[str, int],
    settings: dict[str, Any] | None,
    policy: PoolPolicy,
) -> PoolJudgement:
    name, value = min(bounding.items(), key=lambda item: (item[1], item[0]))
    need, have = estimate.neediest, f"{_listed(bounding)} is set"
    if value < need.low:
        words = f"{have}, and {need.number:,} requests are under way from a proxy at the peak"
        words += " (or wait for a connection)." if name == "maxConnections" else "."
        return PoolJudgement(Reason.POOL_TOO_SMALL, "critical", words, settings)
    if value < (1.0 - policy.tolerance) * estimate.limits[name] or value < need.high:
        words = f"{have}, which leaves too little room above {need.number:,} under way at the peak."
        return PoolJudgement(Reason.POOL_TOO_SMALL, "warning", words, settings)
    if all(v > policy.loose_factor * estimate.limits[n] for n, v in bounding.items()):
        words = f"{have}, far above what is needed: it hardly bounds what a hang holds."
        return PoolJudgement(Reason.POOL_TOO_LARGE, "info", words, settings)
    return PoolJudgement(Reason.POOL_FITS, "ok", f"{have}, which fits.", settings)


def _listed(limits: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {value:,}" for name, value in limits.items())
