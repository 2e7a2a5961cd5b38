"""Whether memory grows, and whether it leaks. The method stands in docs/method-resources.md."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from observe.recommend.resource_policy import ResourcePolicy
from observe.recommend.resource_usage import Usage
from observe.stats.seasonal import DAY
from observe.stats.trend import Trend, trend_of

Floats = NDArray[np.float64]

#: A fall by more than this share that lasts so many known steps is a new process.
_FALL, _LASTING = 1 / 3, 3
#: More falls a day than this are the process's own, unless they start at the limit (this part).
_MOST_FALLS, _FULL = 0.5, 0.9
#: Blocks that a run is cut into, and steps that it needs for that.
_BLOCKS, _STEPS = 12, 24
#: Whole days are the blocks of runs of this many days or more: the time of day leaves no trace.
_DAYS = 5
#: Rank correlation with time of the floor of a leak.
_STEADY = 0.8
#: A floor whose later half rises by less than this share of the earlier is filling up.
_FILLING = 0.6
#: A leak must have been seen to add this part of what is usual, not only be foretold.
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


def memory_rise(of: Usage, policy: ResourcePolicy) -> Rise | None:
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
    earlier, later = (_slope_of_halves(runs, half) * weekly for half in (0, 1))
    if later < _FILLING * earlier:
        rises = replace(rises, slope=max(later, 0.0), low=min(rises.low, max(later, 0.0)))
    weeks = [(last - first) * of.step_seconds / (7 * DAY) for _, (first, last) in runs]
    usual = float(np.nanmedian(np.concatenate([floor for floor, _ in runs])))
    leak = (
        found.tau >= _STEADY
        and later >= _FILLING * earlier
        and sum(weeks) >= 1 / 7
        and rises.slope >= policy.leak_per_week * usual
        and rises.low >= policy.leak_per_week * usual / 2
        and rises.slope * max(weeks) >= _SEEN * usual
        and not _explained(of, runs, seconds, rises.slope / usual)
    )
    return Rise(rises, min(max(weeks), 1.0), leak)


def _starts(of: Usage) -> list[int]:
    """First steps of the runs: restarts, kills, and falls that only a new process makes.

    A new version starts new pods, which no counter of restarts shows; so does a kill that was
    not scraped. But a garbage collector frees memory many times a day.
    """
    at = np.flatnonzero(np.isfinite(of.memory))
    marked = np.flatnonzero((of.restarts > 0) | (of.oom_kills > 0))
    if at.size < 2 * _LASTING:
        return sorted({0, of.count, *map(int, marked)})
    usual = np.median(sliding_window_view(of.memory[at], _LASTING), axis=1)
    before, after = usual[:-_LASTING], usual[_LASTING:]
    value = of.memory[at]
    sudden = value[_LASTING : -_LASTING + 1] < (1 - _FALL) * value[_LASTING - 1 : -_LASTING]
    falls = sudden & (after < (1 - _FALL) * before)
    if np.count_nonzero(falls) > _MOST_FALLS * of.days(of.memory):
        falls &= before >= (np.inf if of.memory_limit is None else _FULL * of.memory_limit)
    first = at[_LASTING : -_LASTING + 1][falls]
    return sorted({0, of.count, *map(int, first), *map(int, marked)})


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


def _slope_of_halves(runs: list[tuple[Floats, tuple[int, int]]], half: int) -> float:
    """Median slope of the earlier (0) or the later (1) halves of the runs, a block."""
    parts = [(floor[: (floor.size + 1) // 2], floor[floor.size // 2 :])[half] for floor, _ in runs]
    found = trend_of(parts)
    return found.slope if math.isfinite(found.slope) else 0.0


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
