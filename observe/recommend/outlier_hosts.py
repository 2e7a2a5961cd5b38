"""How many hosts there are, how much each bears, and how many of them may be ejected at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.signals.error_cells import ErrorCells
from observe.signals.hosts import ServiceHosts, by_coarse

Floats = NDArray[np.float64]

#: A host that is there has at least one request in a step with so many for each host.
_ENOUGH_PER_HOST = 20.0


@dataclass(frozen=True)
class Replicas:
    """Hosts of a service over the coarse steps in which their number is known (C).

    Attributes:
        count: number of hosts.
        load: requests a second, all hosts together.
        highest: requests a second that the busiest host bore.
        reported: whether the hosts' own proxies told it.
    """

    count: Floats
    load: Floats
    highest: Floats
    reported: bool

    @property
    def usual(self) -> int:
        """The median number of hosts."""
        return round(float(np.median(self.count)))

    @property
    def fewest(self) -> int:
        """The smallest number of hosts, steps with a single one apart if they are not usual."""
        several = self.count[self.count >= 2]
        return round(float(several.min())) if several.size and self.usual >= 2 else 1

    @property
    def most(self) -> int:
        """The largest number of hosts; in the hour of a rollout each has two names."""
        return round(float(np.quantile(self.count, 0.95, method="lower")))

    @property
    def peak_to_capacity(self) -> float | None:
        """Busiest load per host over the highest load that a host ever bore."""
        borne = float(self.highest.max())
        return float((self.load / self.count).max()) / borne if borne > 0 else None

    def bears(self, ejected: float, spare: float) -> bool:
        """Whether the remaining hosts can carry the load when this part of them is ejected.

        Args:
            ejected: part of the hosts (0-1).
            spare: how much more than the highest load that was borne a host is trusted with.
        """
        left = self.count - np.floor(self.count * ejected + 1e-9)
        need = self.load / np.maximum(left, 1.0)
        return bool(need.max() <= float(self.highest.max()) * (1 + spare))


@dataclass(frozen=True)
class Limits:
    """Bounds on how many hosts are ejected.

    Attributes:
        percent: `maxEjectionPercent`.
        health: `minHealthPercent`.
        ejected: hosts that may be ejected when there are as few as there ever were.
        borne: whether the rest has been seen to carry that.
    """

    percent: int
    health: int
    ejected: int
    borne: bool


def most_ejected(percent: float, hosts: int) -> int:
    """How many hosts Envoy ejects at the most.

    It ejects one more when 100 (ejected + 1) / hosts <= percent (Envoy,
    outlier_detection_impl.cc, ejectHost): 10 % of three hosts is none.
    """
    return math.floor(percent * hosts / 100 + 1e-9)


def limits(replicas: Replicas, spare: float) -> Limits:
    """As many hosts as the rest can do without, never half of three or more, at least one.

    The percent is rounded up so that one host can be ejected when there are as few as there ever
    were. Below `minHealthPercent` Envoy's panic routing uses all hosts again; it is what the
    percent leaves, so that hosts which disappear while others are ejected bring those back.
    """
    fewest = replicas.fewest
    top = max(1, (fewest - 1) // 2)
    able = [m for m in range(1, top + 1) if replicas.bears(m / fewest, spare)]
    ejected = max(able, default=1)
    percent = math.ceil(100 * ejected / fewest)
    return Limits(percent, 100 - percent, ejected, bool(able))


def replicas_of(
    hosts: ServiceHosts | None,
    failing: NDArray[np.bool_] | None,
    cells: ErrorCells,
    pods: Floats | None,
    steps: tuple[int, int],
) -> Replicas | None:
    """The hosts as their proxies report them, else the pods that cAdvisor saw.

    Args:
        hosts: what the servers' proxies report.
        failing: fine steps in which one fails alone (H, T): what a host bears then proves nothing.
        cells: requests of the clients.
        pods: pods per coarse step (C), 0 where unknown; None when nothing is known.
        steps: fine steps in a coarse one, and seconds of a coarse step.

    Returns:
        None when nothing tells how many hosts there are.
    """
    ratio, seconds = steps
    if hosts is not None and hosts.requests.any():
        busy = hosts.coarse_requests()
        sound = np.where(failing, 0.0, hosts.requests) if failing is not None else hosts.requests
        good = np.where(hosts.errors > 0.5 * hosts.requests, 0.0, sound)
        count = (busy > 0).sum(axis=0).astype(np.float64)
        borne = by_coarse(good, ratio)
        known = busy.sum(axis=0) >= _ENOUGH_PER_HOST * np.maximum(count, 1.0)
        known &= count > 0
        if not known.any():
            known = count > 0
        load, highest = busy.sum(axis=0) / seconds, borne.max(axis=0) / seconds
        return Replicas(count[known], load[known], highest[known], reported=True)
    if pods is None or not (pods > 0).any():
        return None
    load = np.bincount(cells.step // ratio, cells.requests, pods.size)[: pods.size] / seconds
    known = pods > 0
    return Replicas(pods[known], load[known], (load / np.maximum(pods, 1))[known], reported=False)


def pods_by_workload(containers: pd.DataFrame, steps: int) -> dict[tuple[str, str, str], Floats]:
    """Pods per coarse step (C) of each workload: cluster, namespace, name.

    Args:
        containers: frame CONTAINERS with a column `step`, the coarse step.
        steps: how many coarse steps there are.
    """
    keys = ["cluster", "namespace", "workload"]
    most = containers.groupby([*keys, "step"], as_index=False)["pods"].max()
    found: dict[tuple[str, str, str], Floats] = {}
    for (cluster, namespace, workload), rows in most.groupby(keys):
        row = np.zeros(steps)
        row[rows["step"].to_numpy(dtype=np.int64)] = rows["pods"].to_numpy(dtype=np.float64)
        found[str(cluster), str(namespace), str(workload)] = np.nan_to_num(row)
    return found
