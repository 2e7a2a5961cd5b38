"""What is true about the containers of a mesh: what sizes are judged by."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammainc

from observe.demo.container_frames import loads
from observe.demo.container_series import CPU_NOISE_SHAPE
from observe.demo.containers import ages
from observe.demo.rhythm import CELLS
from observe.demo.truth import Truth
from observe.telemetry.resource_frames import CONTAINER_KEYS

Floats = NDArray[np.float64]

#: Scrapes in five minutes, of which usage is a mean.
_SCRAPES = 5
_HALVINGS = 40


def container_truth(truth: Truth, hours: NDArray[np.int64]) -> pd.DataFrame:
    """One row a container and hour, for the pod with the largest share of the load.

    Args:
        truth: the mesh, told when its window starts.
        hours: after the start of the window; also beyond what a snapshot holds.

    Returns:
        `cluster`, `namespace`, `workload`, `container`, `hour`; `cpu_mean` and `cpu_p99` (cores
        used in five minutes: mean, and what 1 % of them exceed), `cpu_wanted` (cores in the busiest
        five minutes if there were no limit), `memory_most` (bytes, without the noise of scrapes)
        and `kills` (for want of memory, of each pod).
    """
    at: Floats = hours[:, None] + np.arange(CELLS) / CELLS + 1e-9
    ends = hours.astype(np.float64) + (1 - 1e-9)
    parts = [pd.DataFrame(columns=[*CONTAINER_KEYS, "hour"])]
    for workload, container, pods in loads(truth, hours):
        age = ages(workload, at)
        cores = container.cores(pods[0], age)
        values = (workload.cluster, workload.namespace, workload.name, container.name)
        born = ages(workload, ends)
        before = container.kills(np.maximum(born - 1, 0.0))
        columns = {
            **dict(zip(CONTAINER_KEYS, values, strict=True)),
            "hour": hours,
            "cpu_mean": cores.mean(axis=1),
            "cpu_p99": _quantile(cores, 0.99),
            "cpu_wanted": container.wanted(pods[0], age).max(axis=1),
            "memory_most": container.memory(pods[0], at, age).max(axis=1),
            "kills": container.kills(born) - before,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _quantile(cores: Floats, share: float) -> Floats:
    """Quantile of usage in five minutes, whose mean is one of the cells of the hour, (H,).

    A mean over some scrapes is gamma distributed around its cell; the hour mixes its cells.
    """
    shape = CPU_NOISE_SHAPE * _SCRAPES
    low, high = np.zeros(len(cores)), 3 * cores.max(axis=1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = gammainc(shape, shape * middle[:, None] / cores).mean(axis=1)
        low, high = np.where(below < share, middle, low), np.where(below < share, high, middle)
    found: Floats = (low + high) / 2
    return found
