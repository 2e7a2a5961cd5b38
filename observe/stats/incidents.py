"""Steps that belong to an incident: anomalous, not recurring, and not a peak."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Robust standard deviations from which a share is anomalous.
ANOMALOUS = 6.0
#: Robust standard deviations from which the same hour of another day counts as a repetition,
#: when it is also at least half as far from normal.
ELEVATED = 3.0
#: A share must rise by this much, and by this many requests, to matter.
MATERIAL_SHARE = 0.02
MATERIAL_REQUESTS = 10.0
#: Steps with this many times the traffic of the busiest normal step are peaks.
PEAK = 1.05
#: More steps than this are no incident but how the service is.
MOST = 0.05
DAY_SECONDS = 86_400
#: Repetitions may come this much earlier or later on another day.
DRIFT_SECONDS = 3_600


def incidents(
    times: NDArray[np.datetime64],
    volumes: ArrayLike,
    slow: ArrayLike,
    failed: ArrayLike,
    step_seconds: float,
) -> Mask:
    """Steps to leave out of what a timeout is learned from.

    A step belongs to an incident when its share of slow or of failed requests is anomalous, the
    same time of day is not anomalous on another day (else it is a habit, such as a nightly
    batch), and it is no peak of traffic, nor next to one (unless failures rise too). A peak is
    busier than any step was that was not slow: as much traffic that was borne at another time
    is no reason for being slow.

    Args:
        times: starts of the steps, evenly spaced or not, ascending.
        volumes: requests per step; failed ones may be among them or not.
        slow: requests beyond some threshold, per step.
        failed: failed requests, per step.
        step_seconds: length of a step.

    Returns:
        One bool per step. All false when more than 5 % of the steps would be left out. In a
        window shorter than two days only failures count, because habits cannot be told.
    """
    n = np.nan_to_num(np.asarray(volumes, dtype=np.float64))
    nothing = np.zeros(n.size, dtype=np.bool_)
    if np.count_nonzero(n > 0) < 3:
        return nothing
    seconds = times.astype("datetime64[s]").astype(np.int64)
    failing = _unusual(np.asarray(failed, dtype=np.float64), n, seconds, step_seconds)
    found = failing
    if seconds[-1] - seconds[0] + step_seconds >= 2 * DAY_SECONDS:
        slowed = _unusual(np.asarray(slow, dtype=np.float64), n, seconds, step_seconds)
        normal = n[(n > 0) & ~slowed]
        peak = n > PEAK * normal.max() if normal.size else nothing
        found = failing | (slowed & ~_runs_with(peak & slowed, slowed))
    return nothing if found.sum() > MOST * n.size else found


def _runs_with(marked: Mask, steps: Mask) -> Mask:
    """Those runs of adjacent steps that hold a marked one."""
    starts = steps & ~np.append(False, steps[:-1])
    run = np.where(steps, np.cumsum(starts), 0)
    held: Mask = steps & np.isin(run, run[marked])
    return held


def _unusual(hits: Floats, n: Floats, seconds: NDArray[np.int64], step_seconds: float) -> Mask:
    """Steps whose share is anomalous and does not recur at the same time of another day."""
    n = np.maximum(n, hits)
    seen = n > 0
    base = float(np.median(hits[seen] / n[seen]))
    distance, score = _scores(hits, n, base)
    excess = hits - n * base
    material = (excess >= MATERIAL_REQUESTS) & (excess >= MATERIAL_SHARE * n)
    anomalous = seen & material & (score > ANOMALOUS)
    mask = np.zeros(n.size, dtype=np.bool_)
    for i in map(int, np.flatnonzero(anomalous)):
        alike = (score > ELEVATED) & (distance > distance[i] / 2) & seen
        mask[i] = not np.any(alike & _same_time_of_other_day(seconds, i, step_seconds))
    return mask


def _scores(hits: Floats, n: Floats, base: float) -> tuple[Floats, Floats]:
    """Distance of each share from the usual one, raw and in robust standard deviations.

    Shares are brought to equal variance 1/(4n) by Anscombe's arcsine (1948); the scatter that
    the service has anyway (median absolute deviation) adds to that.
    """
    z = np.arcsin(np.sqrt((hits + 0.375) / (n + 0.75)))
    usual = np.arcsin(np.sqrt((n * base + 0.375) / (n + 0.75)))
    distance = z - usual
    centre = np.median(distance[n > 0])
    scatter = 1.4826 * np.median(np.abs(distance[n > 0] - centre))
    return distance, (distance - centre) / np.sqrt(scatter**2 + 0.25 / np.maximum(n, 1.0))


def _same_time_of_other_day(seconds: NDArray[np.int64], at: int, step_seconds: float) -> Mask:
    """Steps about whole days away from this one."""
    apart = np.abs(seconds - seconds[at])
    days = np.rint(apart / DAY_SECONDS)
    drift = max(DRIFT_SECONDS, step_seconds)
    mask: Mask = (days >= 1) & (np.abs(apart - days * DAY_SECONDS) <= drift)
    return mask
