"""What one container used, step by step: the input of every size.

The method and its sources stand in docs/method-resources.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from observe.errors import InputError
from observe.stats.seasonal import DAY, HOUR, blocks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Steps that belong to starts are not left out when they are more than this share: a container
#: that keeps starting is like that.
_MOST_STARTS = 0.05
#: The busiest pod against the mean, over its usual value: what a pod that starts looks like.
_START_SKEW = 1.5


@dataclass(frozen=True)
class Usage:
    """Regular steps of one container of a workload; NaN is "not scraped".

    Attributes:
        start: of the first step, seconds since 1970 (UTC).
        step_seconds: length of a step.
        cpu: cores of the busiest pod, mean over the step (T).
        memory: bytes of the working set of the largest pod, maximum over the step (T).
        cpu_mean: cores of a pod, mean over the pods (T).
        pods: number of pods (T).
        throttled: share of CFS periods that were throttled, worst pod (T).
        oom_kills: containers that were killed for memory in the step (T).
        restarts: containers that restarted in the step (T).
        cpu_request, cpu_limit: cores set now; None for none or unknown.
        memory_request, memory_limit: bytes set now; None for none or unknown.
    """

    start: int
    step_seconds: int
    cpu: Floats
    memory: Floats
    cpu_mean: Floats
    pods: Floats
    throttled: Floats
    oom_kills: Floats
    restarts: Floats
    cpu_request: float | None = None
    cpu_limit: float | None = None
    memory_request: float | None = None
    memory_limit: float | None = None

    @property
    def count(self) -> int:
        """Number of steps."""
        return int(self.cpu.size)

    def blocks(self, length: int) -> Ints:
        """Which hour (or day) each step belongs to (T)."""
        return blocks(self.start, self.step_seconds, self.count, length)

    @property
    def days_back(self) -> Ints:
        """Which 24 hours each step belongs to, counted so that the last ones are whole (T)."""
        ago = (self.count - 1 - np.arange(self.count, dtype=np.int64)) * self.step_seconds // DAY
        return (ago[0] - ago) if self.count else ago

    def days(self, values: Floats) -> float:
        """Days between the first and the last step that is known."""
        at = np.flatnonzero(np.isfinite(values))
        return float((at[-1] - at[0] + 1) * self.step_seconds / DAY) if at.size else 0.0

    def coverage(self, values: Floats) -> float:
        """Share of those steps that are known."""
        at = np.flatnonzero(np.isfinite(values))
        return float(at.size / (at[-1] - at[0] + 1)) if at.size else 0.0

    def hours(self, values: Floats) -> float:
        """Hours of data."""
        return float(np.isfinite(values).sum() * self.step_seconds / HOUR)

    def part(self, first: int, last: int) -> Usage:
        """Steps `first` ... `last` - 1."""
        cut = {name: getattr(self, name)[first:last] for name in _SERIES}
        return replace(self, start=self.start + first * self.step_seconds, **cut)


_SERIES = ("cpu", "memory", "cpu_mean", "pods", "throttled", "oom_kills", "restarts")


def usage(
    cpu: ArrayLike,
    memory: ArrayLike,
    *,
    start: int = 0,
    step_seconds: int = 300,
    cpu_mean: ArrayLike | None = None,
    pods: ArrayLike | None = None,
    throttled: ArrayLike | None = None,
    oom_kills: ArrayLike | None = None,
    restarts: ArrayLike | None = None,
    cpu_request: float | None = None,
    cpu_limit: float | None = None,
    memory_request: float | None = None,
    memory_limit: float | None = None,
) -> Usage:
    """Usage from what is known; the rest is unknown (NaN), kills and restarts are 0.

    Negative and infinite values are unknown too: no container uses less than nothing.

    Raises:
        InputError: the series differ in length, or a step has no length.
    """
    size = np.asarray(cpu).size
    unknown, never = np.full(size, np.nan), np.zeros(size)
    series = {
        "cpu": _clean(cpu),
        "memory": _clean(memory),
        "cpu_mean": _clean(unknown if cpu_mean is None else cpu_mean),
        "pods": _clean(unknown if pods is None else pods),
        "throttled": _clean(unknown if throttled is None else throttled),
        "oom_kills": np.nan_to_num(_clean(never if oom_kills is None else oom_kills)),
        "restarts": np.nan_to_num(_clean(never if restarts is None else restarts)),
    }
    if any(x.shape != (size,) for x in series.values()):
        raise InputError("the series of a container must have one value a step each")
    if step_seconds <= 0:
        raise InputError("a step must last longer than nothing")
    return Usage(
        start=int(start),
        step_seconds=int(step_seconds),
        **series,
        cpu_request=cpu_request or None,
        cpu_limit=cpu_limit or None,
        memory_request=memory_request or None,
        memory_limit=memory_limit or None,
    )


def _clean(values: ArrayLike) -> Floats:
    x = np.array(values, dtype=np.float64)
    x[~np.isfinite(x) | (x < 0)] = np.nan
    return x


def steady_cpu(of: Usage, startup_seconds: float) -> tuple[Floats, float]:
    """CPU without the steps in which a pod started.

    A start is a restart, or a pod more than before while the busiest pod stands out from the
    mean more than it usually does: then it is the new pod that is busy, and not the load that
    called for it.

    Returns:
        CPU with the starts unknown (T), and the most that a start used (0 without any). Nothing
        is left out when starts would be more than 5 % of the known steps.
    """
    more = np.append(False, np.diff(of.pods) > 0)
    skew = _skew(of)
    usual = float(np.nanmedian(skew)) if np.isfinite(skew).any() else np.inf
    begin = (of.restarts > 0) | (more & (np.nan_to_num(skew) > _START_SKEW * usual))
    reach = int(np.ceil(startup_seconds / of.step_seconds)) if startup_seconds > 0 else 0
    mask = np.zeros(of.count, dtype=np.bool_)
    for at in np.flatnonzero(begin):
        mask[at : at + reach] = True
    known = np.isfinite(of.cpu)
    mask &= known
    if not mask.any() or mask.sum() > _MOST_STARTS * known.sum():
        return of.cpu, 0.0
    return np.where(mask, np.nan, of.cpu), float(of.cpu[mask].max())


def replica_skew(of: Usage) -> float:
    """The busiest pod against the mean: the median over steps; 1 with one pod or unknown."""
    skew = _skew(of)[np.nan_to_num(of.pods) > 1]
    return float(np.nanmedian(skew)) if np.isfinite(skew).any() else 1.0


def _skew(of: Usage) -> Floats:
    ratio = np.full(of.count, np.nan)
    np.divide(of.cpu, of.cpu_mean, out=ratio, where=np.nan_to_num(of.cpu_mean) > 0)
    return ratio
