"""CPU and memory of the demo's containers, as a function of the requests that they serve."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from observe.demo.habits import STEADY, Habits
from observe.demo.process import CELL_SECONDS, arrivals
from observe.demo.truth import Truth, Workload

Floats = NDArray[np.float64]

MEBIBYTE = 2.0**20
#: Length of a CFS period: a tenth of a second, the kernel's default.
PERIODS_PER_SECOND = 10.0


#: Hours that pods which are older than the window have run before it: their start is over.
_OLDER = 1.0


@dataclass(frozen=True)
class Container:
    """How one container uses its node.

    Attributes:
        idle_cores: CPU without any request.
        cores_per_rps: CPU per request a second.
        limit_cores: CPU limit; None where there is none, and no CFS series either.
        base_bytes: working set after the start.
        bytes_per_rps: working set on top, per request a second; at most as much again.
        growth: share by which the working set grows in a week.
        startup_cores, startup_hours: CPU on top while the container starts.
        leak_bytes: working set on top, per hour since the start; it is killed at its limit.
        request_cores, request_bytes, limit_bytes: what is set besides the CPU limit.
    """

    name: str
    idle_cores: float
    cores_per_rps: float
    limit_cores: float | None
    base_bytes: float
    bytes_per_rps: float
    growth: float = 0.0
    startup_cores: float = 0.0
    startup_hours: float = 0.0
    leak_bytes: float = 0.0
    request_cores: float = 0.0
    request_bytes: float = 0.0
    limit_bytes: float = np.inf

    @property
    def lifetime(self) -> float:
        """Hours from a start until the leak has reached the limit."""
        left = self.limit_bytes - self.base_bytes
        return left / self.leak_bytes if self.leak_bytes else np.inf

    def kills(self, age: Floats) -> Floats:
        """How often the container of a pod was killed until it has this age in hours."""
        killed: Floats = np.floor(age / self.lifetime)
        return killed

    def cores(self, rps: Floats, age: Floats | None = None) -> Floats:
        """CPU of one pod of some age (hours), in cores."""
        used = self.wanted(rps, age)
        return used if self.limit_cores is None else np.minimum(used, self.limit_cores)

    def throttled(self, rps: Floats, age: Floats | None = None) -> Floats:
        """Share of the CFS periods that are throttled: from 60 % of the limit on, NaN without."""
        if self.limit_cores is None:
            return np.full_like(rps, np.nan)
        wanted = self.wanted(rps, age) / self.limit_cores
        return np.clip((wanted - 0.6) / 0.8, 0.0, 1.0)

    def memory(self, rps: Floats, hours: Floats, age: Floats | None = None) -> Floats:
        """Working set of one pod in bytes, some hours after the start of the window."""
        grown = 1 + self.growth * hours / 168
        used = self.base_bytes * grown + np.minimum(self.bytes_per_rps * rps, self.base_bytes)
        if age is not None and self.leak_bytes:
            used = used + self.leak_bytes * (age % self.lifetime)
        most: Floats = np.minimum(used, self.limit_bytes)
        return most

    def wanted(self, rps: Floats, age: Floats | None = None) -> Floats:
        """CPU that one pod would use without a limit, in cores."""
        wanted = self.idle_cores + self.cores_per_rps * rps
        if age is not None and self.startup_cores:
            starting = age % self.lifetime < self.startup_hours
            wanted = wanted + np.where(starting, self.startup_cores, 0.0)
        return wanted


def containers_of(workload: Workload) -> tuple[Container, Container]:
    """The application and its sidecar; the application's needs follow from its name."""
    rng = np.random.default_rng(zlib.crc32(workload.name.encode()))
    app = Container(
        "app",
        idle_cores=0.01,
        cores_per_rps=float(rng.uniform(0.004, 0.02)),
        limit_cores=float(rng.choice([0.25, 0.5, 1.0])),
        base_bytes=float(rng.integers(80, 400)) * MEBIBYTE,
        bytes_per_rps=2 * MEBIBYTE,
        growth=float(rng.uniform(0.0, 0.3)),
    )
    proxy = Container(
        "istio-proxy",
        idle_cores=0.003,
        cores_per_rps=0.00035,
        limit_cores=2.0,
        base_bytes=48 * MEBIBYTE,
        bytes_per_rps=0.1 * MEBIBYTE,
    )
    return _configured(app, workload.habits), _configured(proxy, STEADY)


def _configured(container: Container, habits: Habits) -> Container:
    """The container with its settings, and what it does besides following its load."""
    limit = habits.cpu_limit or container.limit_cores
    return replace(
        container,
        limit_cores=limit,
        startup_cores=habits.startup_cores,
        startup_hours=habits.startup_minutes / 60,
        leak_bytes=habits.leak_bytes_per_hour,
        request_cores=habits.cpu_request or (limit or 1.0) / 4,
        request_bytes=habits.memory_request or container.base_bytes * 1.5,
        limit_bytes=habits.memory_limit or container.base_bytes * 2.5,
    )


def ages(workload: Workload, hours: Floats) -> Floats:
    """Hours since the pods of a workload were born: all of a rollout are at the same time."""
    born = np.full(hours.shape, -_OLDER)
    for rollout in sorted(workload.rollouts):
        born = np.where(hours >= rollout, rollout, born)
    since: Floats = hours - born
    return since


def of_replica(workload: Workload, slot: int, rps: Floats) -> Floats:
    """What one replica has of a load that is the mean over all of them."""
    own: Floats = rps * (workload.shares[slot] * workload.replicas)
    return own


def served_rps(truth: Truth, workload: Workload, hours: NDArray[np.int64]) -> Floats:
    """Requests a second that a workload serves or sends, mean over its pods, shape (H, 12)."""
    total = np.zeros((len(hours), 12))
    for edge in truth.edges:
        if workload in (edge.client, edge.service.workload):
            total += arrivals(truth, edge, hours) / CELL_SECONDS
    return total / workload.replicas
