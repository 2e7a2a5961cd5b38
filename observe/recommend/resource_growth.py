"""Whether memory grows, and whether it leaks. The method stands in docs/method-resources.md."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from observe.recommend.resource_policy import ResourcePolicy
from observe.recommend.resource_usage import Usage
from observe.stats.seasonal import DAY
from observe.stats.trend import Trend, trend_of

Floats = NDArray[np.float64]

#: A fall by more than this share from one known step to the next is a new process.
_FALL = 1 / 3
#: Blocks that a run is cut into, and steps that it needs for that.
_BLOCKS, _STEPS = 12, 24
#: Whole days are the blocks of runs of this many days or more: the time of day leaves no trace.
_DAYS = 5
#: Rank correlation with time of the floor of a leak.
_STEADY = 0.8
#: A floor whose later half rises by less than this share of the earlier is filling up.
_FILLING = 0.5
#: A leak must have been seen to add this part of the peak, not only be foretold.
_SEEN = 0.10
#: Load that grows by at least this part of the memory's growth explains it.
_EXPLAINED = 0.5


@dataclass(frozen=True)
class Rise:
    """How the floor of the memory rises.

    Attributes:
        per_week: the trend, bytes a week.
        horizon: weeks that growth is allowed for: as long as a process ran, one at most.
        leak: whether it is a leak's.
    """

    per_week: Trend
    horizon: float
    leak: bool


def memory_rise(of: Usage, peak: float, policy: ResourcePolicy) -> Rise | None:
    """How the floor of the memory rises; None where that is no more than chance.

    Runs of a process are looked at one by one and judged together: a leak that is killed every
    night starts anew every morning.
    """
    seconds, runs = _floors(of.memory, _starts(of), of.step_seconds)
    found = trend_of([floor for floor, _ in runs])
    if not found.rises(policy.trend_level):
        return None
    weekly = 7 * DAY / seconds
    rises = found.times(weekly)
    filling = _later_slope([floor for floor, _ in runs]) < _FILLING * found.slope
    weeks = [(last - first) * of.step_seconds / (7 * DAY) for _, (first, last) in runs]
    leak = (
        found.tau >= _STEADY
        and not filling
        and sum(weeks) >= 1 / 7
        and rises.low >= policy.leak_per_week * peak / 2
        and rises.slope >= policy.leak_per_week * peak
        and rises.slope * max(weeks) >= _SEEN * peak
        and not _explained(of, runs, seconds, rises.slope / peak)
    )
    if filling:
        later = max(_later_slope([floor for floor, _ in runs]), 0.0) * weekly
        rises = replace(rises, slope=later)
    return Rise(rises, min(max(weeks), 1.0), leak)


def _starts(of: Usage) -> list[int]:
    """First steps of the runs: restarts, kills, and falls that only a new process makes."""
    at = np.flatnonzero(np.isfinite(of.memory))
    falls = at[1:][of.memory[at[1:]] < (1 - _FALL) * of.memory[at[:-1]]]
    marked = np.flatnonzero((of.restarts > 0) | (of.oom_kills > 0))
    return sorted({0, of.count, *map(int, falls), *(int(x) for x in marked)})


def _floors(
    memory: Floats, starts: list[int], step_seconds: int
) -> tuple[float, list[tuple[Floats, tuple[int, int]]]]:
    """Seconds of a block, and the lowest value of each block of each run that is long enough."""
    spans = [(a, b) for a, b in itertools.pairwise(starts) if b - a >= _STEPS]
    if not spans:
        return float(DAY), []
    longest = max(b - a for a, b in spans)
    day = DAY // step_seconds
    size = day if day and longest >= _DAYS * day else max(longest // _BLOCKS, 2)
    runs = []
    for first, last in spans:
        count = (last - first) // size
        if count < 2:
            continue
        table = memory[last - count * size : last].reshape(count, size)
        known = np.isfinite(table).sum(axis=1) >= size / 2
        floor = np.where(known, np.min(np.where(np.isfinite(table), table, np.inf), axis=1), np.nan)
        runs.append((floor, (last - count * size, last)))
    return float(size * step_seconds), runs


def _later_slope(floors: list[Floats]) -> float:
    """Median slope of the later halves, a block."""
    found = trend_of([floor[floor.size // 2 :] for floor in floors])
    return found.slope if math.isfinite(found.slope) else math.inf


def _explained(
    of: Usage, runs: list[tuple[Floats, tuple[int, int]]], seconds: float, rise: float
) -> bool:
    """Whether the load of a pod rose along with the memory, in its own measure."""
    load = of.cpu_mean if np.isfinite(of.cpu_mean).any() else of.cpu
    size = int(seconds // of.step_seconds)
    means = []
    for _, (first, last) in runs:
        table = load[first:last].reshape(-1, size)
        known = np.isfinite(table).sum(axis=1)
        sums = np.nansum(table, axis=1)
        means.append(np.where(known > 0, sums / np.maximum(known, 1), np.nan))
    every = np.concatenate(means)
    usual = float(np.median(every[np.isfinite(every)])) if np.isfinite(every).any() else 0.0
    found = trend_of(means)
    if not found.rises(0.05) or usual <= 0:
        return False
    return found.slope * (7 * DAY / seconds) / usual >= _EXPLAINED * rise
