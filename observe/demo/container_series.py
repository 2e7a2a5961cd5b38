"""cAdvisor's series for the demo's containers: CPU, throttling, memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.demo.containers import (
    PERIODS_PER_SECOND,
    Container,
    ages,
    containers_of,
    of_replica,
    served_rps,
)
from observe.demo.labels import Labels, container_labels
from observe.demo.pods import pods_of
from observe.demo.process import CELL_SECONDS
from observe.demo.truth import Truth, Workload

Floats = NDArray[np.float64]

_COUNTERS = (
    "container_cpu_usage_seconds_total",
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
)
_MEMORY = "container_memory_working_set_bytes"

#: Shape of the gamma noise (mean 1) on CPU between two scrapes.
CPU_NOISE_SHAPE = 60.0
#: Standard deviation of a scraped working set, as a share of it.
MEMORY_NOISE = 0.01


class ContainerCounters:
    """The state of all containers' series; ask for its days in order.

    Args:
        truth: the mesh, told when its window starts.
        seed: of the noise.
        interval: scrape interval in seconds; divides 300.
    """

    def __init__(self, truth: Truth, seed: int, interval: int) -> None:
        self._truth = truth
        self._seed = seed
        self._interval = interval
        self._totals: dict[tuple[str, str], Floats] = {}

    def day(self, day: int) -> tuple[list[Labels], Floats]:
        """Labels and values, shape (N, T), of all series that exist during a day (0, 1, ...)."""
        labels: list[Labels] = []
        values: list[Floats] = []
        hours = np.arange(24, dtype=np.int64) + 24 * day
        for number, workload in enumerate(w for w in self._truth.workloads if w.containers):
            rng = np.random.default_rng([self._seed, 1_000_000 + number, day])
            per_cell = CELL_SECONDS // self._interval
            rps = np.repeat(served_rps(self._truth, workload, hours), per_cell, axis=1).ravel()
            for container in containers_of(workload):
                self._add(workload, container, rps, day, rng, labels, values)
        steps = 86_400 // self._interval
        return labels, np.array(values) if values else np.zeros((0, steps))

    def _add(
        self,
        workload: Workload,
        container: Container,
        rps: Floats,
        day: int,
        rng: np.random.Generator,
        labels: list[Labels],
        values: list[Floats],
    ) -> None:
        steps = np.arange(len(rps))
        hours = 24 * day + steps * self._interval / 3600
        age = ages(workload, hours)
        for slot in range(workload.replicas):
            own = of_replica(workload, slot, rps)
            rates = self._rates(container, own, age, rng)
            noise = 1 + MEMORY_NOISE * rng.standard_normal(len(rps))
            memory = np.minimum(container.memory(own, hours, age) * noise, container.limit_bytes)
            for pod in pods_of(workload, slot):
                alive = (hours >= pod.first_hour) & (hours < pod.end_hour)
                if not alive.any():
                    continue
                base = self._totals.get((pod.name, container.name), np.zeros(len(rates)))
                totals = base[:, None] + np.cumsum(np.where(alive, rates, 0.0), axis=1)
                self._totals[pod.name, container.name] = totals[:, -1]
                common = container_labels(workload, pod, container.name)
                names = (*_COUNTERS[: len(rates)], _MEMORY)
                labels += [common | {"__name__": name} for name in names]
                values += [np.where(alive, row, np.nan) for row in (*totals, np.rint(memory))]

    def _rates(
        self, container: Container, rps: Floats, age: Floats, rng: np.random.Generator
    ) -> Floats:
        """Increments per scrape of CPU seconds and, with a limit, of periods and throttled ones."""
        noise = rng.gamma(CPU_NOISE_SHAPE, 1 / CPU_NOISE_SHAPE, len(rps))
        cpu = container.cores(rps, age) * noise * self._interval
        if container.limit_cores is None:
            return cpu[None, :]
        periods = np.full(len(rps), PERIODS_PER_SECOND * self._interval)
        throttled = rng.binomial(periods.astype(np.int64), container.throttled(rps, age))
        return np.stack([cpu, periods, throttled])
