"""Where the servers of a target start to get slower with load, if that can be told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.recommend.policy import PoolPolicy
from observe.recommend.pool_model import Knee
from observe.recommend.pool_need import Mask
from observe.signals.concurrency import Load
from observe.stats.knee import find_knee

Steps = NDArray[np.int64]


def knee_of(
    server: Load | None, coarse_of_fine: Steps, normal: Mask, policy: PoolPolicy
) -> Knee | None:
    """The knee of the busiest server, hour by hour; None where nothing can be claimed.

    Args:
        server: requests of the servers' side.
        coarse_of_fine: number of the coarse step of each fine step (T).
        normal: steps that belong to no incident (mask of T).
        policy: the knobs.
    """
    if server is None:
        return None
    hours = coarse_of_fine[normal]
    count = np.bincount(hours)
    each = np.where(normal, server.requests * server.share.busiest, 0.0)[normal]
    seconds = np.maximum(count, 1) * server.step_seconds
    rate = np.bincount(hours, weights=each) / seconds
    latency = np.bincount(hours, weights=server.mean_ms[normal]) / np.maximum(count, 1) / 1000.0
    days = np.arange(count.size) * (np.median(count) * server.step_seconds) // 86_400
    found = find_knee(rate, latency, days, policy.interval_confidence)
    if found is None:
        return None
    return Knee(
        concurrency=round(found.concurrency, 3),
        low=round(found.low, 3),
        high=round(found.high, 3),
        contention=round(found.contention, 6),
        coherency=round(found.coherency, 8),
    )
