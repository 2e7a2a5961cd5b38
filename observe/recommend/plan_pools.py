"""Makes connection pools agree with retries and with outlier detection.

A pool has to let through what is under way in the busiest minutes, the load that retries add
then, and, at a server, the load of the hosts that outlier detection may take away. It need not
let through what piles up when a callee hangs until its timeout: that is what it sheds by design.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from observe.recommend.model import PlanChange
from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.pool_model import PoolRecommendation
from observe.recommend.reasons import Reason

#: Limits on what is under way; the others limit what waits or how long connections live.
_LIMITS = ("http2MaxRequests", "maxConnections")
_SO_THAT = "it lets through the retries of the worst hour, and the load of hosts that are ejected"
INBOUND = "inboundConnectionPool"


def agree_on_pools(
    pools: Sequence[PoolRecommendation],
    outliers: Sequence[OutlierRecommendation],
    tries: Mapping[str, float],
) -> tuple[list[PoolRecommendation], list[PlanChange]]:
    """Raise limits to what retries and ejections may bring; nothing is lowered.

    Args:
        pools: the recommendations.
        outliers: outlier detection of the same targets.
        tries: target path → factor on load that retries may bring in the worst hour; absent: 1.

    Returns:
        All pools in the same order, and what was changed.
    """
    rest = {o.target.path: load_on_the_rest(o) for o in outliers}
    agreed, changes = [], []
    for pool in pools:
        path = pool.target.path
        pool, found = _raised(pool, tries.get(path, 1.0), rest.get(path, 1.0))
        agreed.append(pool)
        changes += found
    return agreed, changes


def load_on_the_rest(outlier: OutlierRecommendation) -> float:
    """Load of a remaining host, over what it was, once as many are ejected as may be.

    Envoy rounds the number of hosts down; one is taken to be left. Without hosts that are known
    the percentage stands for their share, and nothing can be said of 100 %.
    """
    percent = float(outlier.proposed.get("maxEjectionPercent") or 0.0)
    hosts = outlier.evidence.fewest_hosts or outlier.evidence.hosts
    if hosts is None:
        return 1.0 / (1.0 - percent / 100.0) if percent < 100.0 else 1.0
    return hosts / (hosts - min(math.floor(hosts * percent / 100.0), hosts - 1))


def _raised(
    pool: PoolRecommendation, tries: float, rest: float
) -> tuple[PoolRecommendation, list[PlanChange]]:
    evidence = pool.evidence
    client = math.ceil(evidence.concurrency_client * tries)
    server = math.ceil((evidence.concurrency_server or 0.0) * tries * rest)
    proposed: dict[str, Any] = dict(pool.proposed)
    inbound = proposed.get(INBOUND)
    changes = _raise_limits(pool, proposed, client if inbound else max(client, server), "")
    if isinstance(inbound, dict):
        proposed[INBOUND] = dict(inbound)
        changes += _raise_limits(pool, proposed[INBOUND], server, f"{INBOUND}.")
    if not changes:
        return pool, []
    reasons = (*pool.reasons, Reason.POOL_BEARS_RETRIES_AND_EJECTIONS.value)
    words = f"{pool.message} {_SO_THAT[:1].upper()}{_SO_THAT[1:]}."
    update = {"proposed": proposed, "reasons": tuple(dict.fromkeys(reasons)), "message": words}
    return pool.model_copy(update=update), changes


def _raise_limits(
    pool: PoolRecommendation, limits: dict[str, Any], need: int, within: str
) -> list[PlanChange]:
    """Raise the limits of one block in place; the changes."""
    changes = []
    for name in _LIMITS:
        have = limits.get(name)
        if not isinstance(have, int) or have >= need or not _limits_requests(pool, name):
            continue
        limits[name] = need
        changes.append(
            PlanChange(
                id=pool.id,
                field=f"{within}{name}",
                before=str(have),
                after=str(need),
                reason=Reason.POOL_BEARS_RETRIES_AND_EJECTIONS.value,
                message=f"{pool.target.path}: {_SO_THAT}",
            )
        )
    return changes


def _limits_requests(pool: PoolRecommendation, name: str) -> bool:
    """Over HTTP/2 many requests share a connection."""
    return name != "maxConnections" or pool.evidence.protocol != "http2"
