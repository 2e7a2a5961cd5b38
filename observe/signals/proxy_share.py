"""What part of a load its busiest proxy has: reported, told by the number of pods, or all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.signals.edge_steps import EdgeSteps
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]
Workload = tuple[str, str, str]  # cluster, namespace, name

#: How much more than its even share the busiest of several pods is taken to have, where only
#: their number is known.
UNEVEN = 1.5

Known = Literal["reported", "pods", "one"]


@dataclass(frozen=True)
class Share:
    """What part of the requests the busiest proxy had.

    Attributes:
        busiest: in each fine step (T), 0-1.
        fewest: proxies in the step that had the fewest; None where it is not known.
        usual: median number of proxies.
        known: whether the proxies report it, it is told by the number of pods, or nothing is known
            and all counts as one proxy.
    """

    busiest: Floats
    fewest: int | None
    usual: float | None
    known: Known


class ProxyShares:
    """Reads a snapshot once, and then gives the share of any client or server."""

    def __init__(self, snapshot: Snapshot, steps: EdgeSteps) -> None:
        self._steps = steps
        self._proxies = _proxy_columns(snapshot.proxies, steps)
        self._hosts = _host_columns(snapshot.hosts, steps)
        self._pods = _pod_columns(snapshot.containers, steps)

    def of_client(self, edges: Sequence[int], client: Workload) -> Share:
        """The share of a client's busiest proxy, over its edges to one target."""
        reported = {e: self._proxies[e] for e in edges if e in self._proxies}
        if len(reported) < len(edges):
            return self._by_pods([client])
        weight = np.array([self._steps.requests(np.array([e])) for e in reported])
        at = self._steps.coarse_of_fine
        share = np.array([one["busiest_share"][at] for one in reported.values()])
        total = weight.sum(axis=0)
        mixed = (weight * share).sum(axis=0) / np.maximum(total, 1e-12)
        mixed = np.where(total > 0, mixed, share.mean(axis=0))
        counts = np.max([one["proxies"] for one in reported.values()], axis=0)
        seen = counts[counts > 0]
        return Share(np.clip(mixed, 0, 1), _fewest(seen), _usual(seen), "reported")

    def of_server(self, cluster: str, service: str, workloads: Sequence[Workload]) -> Share:
        """The share of a service's busiest host; `workloads` are the ones behind it."""
        reported = self._hosts.get((cluster, service))
        if reported is None:
            return self._by_pods(workloads)
        seen = reported["hosts"][reported["hosts"] > 0]
        busiest = reported["busiest_share"][self._steps.coarse_of_fine]
        return Share(busiest, _fewest(seen), _usual(seen), "reported")

    def _by_pods(self, workloads: Sequence[Workload]) -> Share:
        known = [self._pods[w] for w in workloads if w in self._pods]
        ones = np.ones(len(self._steps.times))
        if not known or len(known) < len(workloads):
            return Share(ones, None, None, "one")
        pods = np.sum(known, axis=0)
        seen = pods[pods > 0]
        if seen.size == 0:
            return Share(ones, None, None, "one")
        filled = np.where(pods > 0, pods, seen.min())[self._steps.coarse_of_fine]
        return Share(np.minimum(1.0, UNEVEN / filled), _fewest(seen), _usual(seen), "pods")


def _fewest(counts: Floats) -> int | None:
    return max(1, int(np.floor(counts.min()))) if counts.size else None


def _usual(counts: Floats) -> float | None:
    return float(np.median(counts)) if counts.size else None


def _through_rollouts(share: Floats) -> Floats:
    """The highest share of a step and its neighbours.

    In the step of a rollout each pod has two names, one after the other, and half of what it has
    at any moment.
    """
    padded = np.pad(share, 1, mode="edge")
    highest: Floats = np.maximum(np.maximum(padded[:-2], padded[2:]), share)
    return highest


def _proxy_columns(frame: pd.DataFrame, steps: EdgeSteps) -> dict[int, dict[str, Floats]]:
    """Edge → its columns per coarse step (H); a step without a row has the edge's highest share."""
    found: dict[int, dict[str, Floats]] = {}
    if frame.empty:
        return found
    rows = frame.assign(at=steps.coarse(frame))
    rows = rows[(rows["at"] >= 0) & (rows["proxies"] > 0) & (rows["busiest_share"] > 0)]
    for edge, part in rows.groupby("edge", sort=True):
        share = np.full(steps.coarse_steps, float(part["busiest_share"].max()))
        share[part["at"]] = part["busiest_share"]
        count = np.zeros(steps.coarse_steps)
        count[part["at"]] = part["proxies"]
        found[int(str(edge))] = {"busiest_share": _through_rollouts(share), "proxies": count}
    return found


def _host_columns(
    frame: pd.DataFrame, steps: EdgeSteps
) -> dict[tuple[str, str], dict[str, Floats]]:
    """(cluster, service) → number of hosts and the busiest one's share, per coarse step (H)."""
    found: dict[tuple[str, str], dict[str, Floats]] = {}
    if frame.empty:
        return found
    rows = frame.assign(at=steps.coarse(frame))
    rows = rows[(rows["at"] >= 0) & (rows["requests"] > 0)]
    keys = ["cluster", "destination_service", "at"]
    grouped = rows.groupby(keys)["requests"]
    table = pd.DataFrame({"all": grouped.sum(), "most": grouped.max(), "hosts": grouped.size()})
    for (cluster, service), part in table.groupby(level=[0, 1], sort=True):
        at = part.index.get_level_values("at").to_numpy()
        each = (part["most"] / part["all"]).to_numpy()
        share = np.full(steps.coarse_steps, float(each.max()))
        share[at] = each
        hosts = np.zeros(steps.coarse_steps)
        hosts[at] = part["hosts"].to_numpy()
        steady = _through_rollouts(share)
        found[str(cluster), str(service)] = {"busiest_share": steady, "hosts": hosts}
    return found


def _pod_columns(frame: pd.DataFrame, steps: EdgeSteps) -> dict[Workload, Floats]:
    """Workload → pods per coarse step (H); 0 where nothing was seen."""
    found: dict[Workload, Floats] = {}
    if frame.empty:
        return found
    rows = frame.assign(at=steps.coarse(frame)).dropna(subset=["pods"])
    rows = rows[rows["at"] >= 0]
    keys = ["cluster", "namespace", "workload", "at"]
    counts = rows.groupby(keys, as_index=False)["pods"].max()
    for cluster, namespace, name, at, pods in counts.itertuples(index=False):
        series = found.setdefault((cluster, namespace, name), np.zeros(steps.coarse_steps))
        series[at] = pods
    return found
