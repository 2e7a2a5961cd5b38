"""CPU and memory of the demo's containers, as a function of the requests that they serve."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from observe.demo.process import CELL_SECONDS, arrivals
from observe.demo.truth import Truth, Workload

Floats = NDArray[np.float64]

MEBIBYTE = 2.0**20
#: Length of a CFS period: a tenth of a second, the kernel's default.
PERIODS_PER_SECOND = 10.0


@dataclass(frozen=True)
class Container:
    """How one container uses its node.

    Attributes:
        idle_cores: CPU without any request.
        cores_per_rps: CPU per request a second.
        limit_cores: CPU limit; None where there is none, and no CFS series either.
        base_bytes: working set after the start.
        bytes_per_rps: working set on top, per request a second.
        growth: share by which the working set grows in a week.
    """

    name: str
    idle_cores: float
    cores_per_rps: float
    limit_cores: float | None
    base_bytes: float
    bytes_per_rps: float
    growth: float = 0.0

    def cores(self, rps: Floats) -> Floats:
        """CPU of one pod, in cores."""
        used = self.idle_cores + self.cores_per_rps * rps
        return used if self.limit_cores is None else np.minimum(used, self.limit_cores)

    def throttled(self, rps: Floats) -> Floats:
        """Share of the CFS periods that are throttled: from 60 % of the limit on, NaN without."""
        if self.limit_cores is None:
            return np.full_like(rps, np.nan)
        wanted = (self.idle_cores + self.cores_per_rps * rps) / self.limit_cores
        return np.clip((wanted - 0.6) / 0.8, 0.0, 1.0)

    def memory(self, rps: Floats, hours: Floats) -> Floats:
        """Working set of one pod in bytes, some hours after the start of the window."""
        leak = 1 + self.growth * hours / 168
        result: Floats = self.base_bytes * leak + self.bytes_per_rps * rps
        return result


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
    return app, proxy


def served_rps(truth: Truth, workload: Workload, hours: NDArray[np.int64]) -> Floats:
    """Requests a second that each pod of a workload serves or sends, shape (H, 12)."""
    total = np.zeros((len(hours), 12))
    for edge in truth.edges:
        if workload in (edge.client, edge.service.workload):
            total += arrivals(truth, edge, hours) / CELL_SECONDS
    return total / workload.replicas
