"""The rules of two other tools, to stand beside ours: what krr and the VPA would ask for.

Their own words and constants, not ours: krr's `simple` strategy, and the recommender of the
Vertical Pod Autoscaler. `docs/method-resources.md` names the versions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from observe.recommend.resource_policy import MIB
from observe.recommend.resource_usage import Usage

Floats = NDArray[np.float64]

_KRR_CPU_LEVEL, _KRR_MEMORY_BUFFER = 0.95, 1.15
_KRR_LEAST_CPU, _KRR_LEAST_MEMORY = 0.010, 100.0 * MIB

_VPA_GROWTH, _VPA_SAFETY = 1.05, 1.15
_VPA_FIRST_CPU, _VPA_MOST_CPU = 0.01, 1_000.0
_VPA_FIRST_MEMORY, _VPA_MOST_MEMORY = 1e7, 1e12
_VPA_HALF_LIFE = 86_400.0
_VPA_DAYS = 8
_VPA_LEAST_CPU, _VPA_LEAST_MEMORY = 0.025, 250.0 * MIB
_VPA_OOM_FACTOR, _VPA_OOM_BYTES = 1.2, 100.0 * MIB
_LEVELS = (0.5, 0.9, 0.95)


@dataclass(frozen=True)
class Ruled:
    """What a rule asks for; None where it would not say.

    Attributes:
        cpu_request: cores.
        memory_request: bytes.
        memory_limit: bytes; None where the rule sets none.
    """

    cpu_request: float | None
    memory_request: float | None
    memory_limit: float | None = None


@dataclass(frozen=True)
class VpaBounds:
    """The VPA's three numbers of one resource."""

    lower: float
    target: float
    upper: float


def like_krr(cpu: Sequence[ArrayLike], memory: Sequence[ArrayLike]) -> Ruled:
    """krr's `simple`: p95 of each pod's CPU, the highest pod; the largest memory, times 1.15.

    Args:
        cpu: cores, a series a pod.
        memory: bytes, a series a pod.

    Returns:
        Request in whole millicores (10 m at least), memory in whole MiB (100 MiB at least), the
        limit of memory being the request.
    """
    cores = [float(np.quantile(x, _KRR_CPU_LEVEL)) for x in map(_known, cpu) if x.size]
    sizes = [float(x.max()) for x in map(_known, memory) if x.size]
    request = size = None
    if cores:
        request = max(math.ceil(round(max(cores) * 1000, 6)) / 1000, _KRR_LEAST_CPU)
    if sizes:
        whole = math.ceil(round(max(sizes) * _KRR_MEMORY_BUFFER / MIB, 9)) * MIB
        size = max(whole, _KRR_LEAST_MEMORY)
    return Ruled(request, size, size)


def like_vpa(of: Usage, containers: int = 1) -> Ruled:
    """The VPA's target: p90 of a decaying histogram, times 1.15.

    Args:
        of: what the container used.
        containers: of the pod, which share its least request.
    """
    cpu, memory = vpa_cpu(of, containers), vpa_memory(of, containers)
    return Ruled(cpu.target if cpu else None, memory.target if memory else None)


def vpa_cpu(of: Usage, containers: int = 1) -> VpaBounds | None:
    """CPU in cores: every step counts, half as much for each day of age."""
    at = np.flatnonzero(np.isfinite(of.cpu))
    if not at.size:
        return None
    age = (at[-1] - at) * float(of.step_seconds)
    found = _percentiles(of.cpu[at], _decay(age), _VPA_FIRST_CPU, _VPA_MOST_CPU)
    return _bounds(found, of, at, _VPA_LEAST_CPU / containers)


def vpa_memory(of: Usage, containers: int = 1) -> VpaBounds | None:
    """Memory in bytes: the peak of each day (UTC), half as much for each day of age.

    A kill counts as a use of 20 % or 100 MiB more than what it had: the request or the day's peak.
    """
    at = np.flatnonzero(np.isfinite(of.memory))
    if not at.size:
        return None
    day = (of.start + of.step_seconds * np.arange(of.count)) // int(_VPA_HALF_LIFE)
    peaks = {int(d): float(np.nanmax(of.memory[at[day[at] == d]])) for d in np.unique(day[at])}
    for killed in np.unique(day[of.oom_kills > 0]):
        had = max(of.memory_request or 0.0, peaks.get(int(killed), 0.0))
        peaks[int(killed)] = max(had * _VPA_OOM_FACTOR, had + _VPA_OOM_BYTES)
    kept = sorted(peaks)[-_VPA_DAYS:]
    age = (kept[-1] - np.array(kept)) * _VPA_HALF_LIFE
    sizes = np.array([peaks[d] for d in kept])
    found = _percentiles(sizes, _decay(age), _VPA_FIRST_MEMORY, _VPA_MOST_MEMORY)
    return _bounds(found, of, at, _VPA_LEAST_MEMORY / containers)


def _known(values: ArrayLike) -> Floats:
    x = np.asarray(values, dtype=np.float64)
    return x[np.isfinite(x)]


def _decay(age_seconds: Floats) -> Floats:
    weights: Floats = np.exp2(-age_seconds / _VPA_HALF_LIFE)
    return weights


def _percentiles(values: Floats, weights: Floats, first: float, most: float) -> tuple[float, ...]:
    """The ends of the buckets that hold the levels; each bucket is 5 % wider than the last."""
    rate = _VPA_GROWTH - 1
    count = math.ceil(math.log(most * rate / first + 1, _VPA_GROWTH)) + 1
    starts = first * (_VPA_GROWTH ** np.arange(count) - 1) / rate
    bucket = np.clip(np.searchsorted(starts, values, side="right") - 1, 0, count - 1)
    total = np.cumsum(np.bincount(bucket, weights, minlength=count))
    found = [int(np.argmax(total >= level * total[-1])) for level in _LEVELS]
    return tuple(float(starts[min(i + 1, count - 1)]) for i in found)


def _bounds(found: tuple[float, ...], of: Usage, at: NDArray[np.int64], least: float) -> VpaBounds:
    """Safety, confidence in days (a sample a minute is a day's worth of 1440), and the minimum."""
    days = float(at[-1] - at[0]) * of.step_seconds / 86_400
    samples = at.size * of.step_seconds / 60
    sure = max(min(days, samples / 1440), 1e-9)
    lower, target, upper = (x * _VPA_SAFETY for x in found)
    lower *= (1 + 0.001 / sure) ** -2
    upper *= 1 + 1 / sure
    return VpaBounds(max(lower, least), max(target, least), max(upper, least))
