"""What outlier detection is judged by, read out of a snapshot once for all targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.recommend.outlier_clients import Callers, ProxiesOf, callers_of, proxies_by_edge
from observe.recommend.outlier_hosts import Replicas, pods_by_workload, replicas_of
from observe.signals.error_cells import Client, ErrorCells, error_cells
from observe.signals.host_episodes import failing_alone
from observe.signals.hosts import ServiceHosts, hosts_behind, hosts_by_target
from observe.signals.targets import edges_with_target
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Observed:
    """Telemetry of one target.

    Attributes:
        cells: errors per client and fine step.
        hosts: the hosts as their proxies report them; None where they do not.
        failing: fine steps in which one of them fails alone (H, T).
        replicas: how many there are; None when nothing tells.
        callers: the client proxies; None when the number of hosts is not known.
        ejections: ejections that Envoy counted; None where its counters are not exposed.
        step_seconds: length of a fine step.
        attempts: retries of a request that are in force.
        retried: retries over requests, as Envoy counted them; None where it does not.
    """

    cells: ErrorCells
    hosts: ServiceHosts | None
    failing: Mask | None
    replicas: Replicas | None
    callers: Callers | None
    ejections: float | None
    step_seconds: int
    attempts: int
    retried: float | None


class Telemetry:
    """The frames of a snapshot, as outlier detection needs them."""

    def __init__(self, snapshot: Snapshot) -> None:
        window = snapshot.manifest.window
        self.ratio = max(1, window.coarse_step_seconds // window.step_seconds)
        self._step = window.step_seconds
        self.coarse_seconds = window.coarse_step_seconds
        self.steps = max(1, -(-round(window.length.total_seconds()) // self.coarse_seconds))
        self._start = pd.Timestamp(window.start)
        self.edges = edges_with_target(snapshot.edges)
        self._by_target = {str(path): part for path, part in self.edges.groupby("target")}
        self._cells = error_cells(snapshot)
        self._hosts = hosts_by_target(snapshot)
        self._workloads = pods_by_workload(self._stepped(snapshot.containers), self.steps)
        self._proxies = proxies_by_edge(self._stepped(snapshot.proxies), self.steps)
        self._ejections = _counter(snapshot, "ejections")
        self._retries = _counter(snapshot, "retries")
        self._counting = _counting(snapshot)

    def registered(self, target: Target) -> bool:
        """Whether the mesh knows the host."""
        return bool(self._by_target[target.path]["registered"].any())

    def speaks(self, target: Target) -> bool:
        """Whether a client's proxy reports about a target, be it that nothing was sent."""
        return bool(self._by_target[target.path]["speaks"].any())

    def of(self, target: Target, attempts: int) -> Observed | None:
        """What is known of a target; None when no client's proxy counted a request.

        Args:
            target: the target.
            attempts: retries of a request that are in force.
        """
        cells = self._cells.get(target.path)
        if cells is None:
            return None
        edges = self._by_target[target.path]
        hosts = hosts_behind(target, self._hosts)
        failing = None if hosts is None else failing_alone(hosts)
        servers = {
            (str(ns), str(w))
            for ns, w in zip(
                edges["destination_namespace"], edges["destination_workload"], strict=True
            )
        }
        steps = (self.ratio, self.coarse_seconds)
        replicas = replicas_of(hosts, failing, cells, self._pods(servers, target), steps)
        callers = None
        if replicas is not None and cells.step.size:
            callers = callers_of(cells, replicas.usual, self._proxies_of(edges, target), steps)
        key = (target.cluster or "", target.service or "")
        all_count = set(cells.clients) <= self._counting.get(key, set())
        counted = self._retries.get(key) if all_count else None
        requests = float(cells.requests.sum())
        return Observed(
            cells=cells,
            hosts=hosts,
            failing=failing,
            replicas=replicas,
            callers=callers,
            ejections=self._ejections.get(key),
            step_seconds=self._step,
            attempts=attempts,
            retried=None if counted is None or requests <= 0 else min(counted / requests, 1.0),
        )

    def _pods(self, workloads: set[tuple[str, str]], target: Target) -> Floats | None:
        cluster = target.cluster or ""
        known = [self._workloads.get((cluster, *workload)) for workload in sorted(workloads)]
        rows = [row for row in known if row is not None]
        total: Floats | None = np.sum(rows, axis=0) if rows else None
        return total

    def _proxies_of(self, edges: pd.DataFrame, target: Target) -> ProxiesOf:
        spoken = edges[edges["speaks"]]
        names = zip(spoken["source_namespace"], spoken["source_workload"], strict=True)
        owned: dict[Client, list[Floats]] = {}
        for edge, name in zip(spoken["edge"], names, strict=True):
            if int(edge) in self._proxies:
                owned.setdefault((str(name[0]), str(name[1])), []).append(self._proxies[int(edge)])

        def proxies(client: Client) -> Floats | None:
            if client in owned:
                most: Floats = np.max(owned[client], axis=0)
                return most
            return self._pods({client}, target)

        return proxies

    def _stepped(self, frame: pd.DataFrame) -> pd.DataFrame:
        since = (frame["time"] - self._start).dt.total_seconds()
        step = (since // self.coarse_seconds).astype("int64")
        rows: pd.DataFrame = frame.assign(step=step)
        return rows[(step >= 0) & (step < self.steps)]


def _counter(snapshot: Snapshot, name: str) -> dict[tuple[str, str], float]:
    """One of Envoy's counters by cluster and service, where it is exposed."""
    rows = snapshot.envoy.dropna(subset=[name])
    keys = zip(rows["cluster"], rows["destination_service"], strict=True)
    sums: dict[tuple[str, str], float] = {}
    for key, number in zip(keys, rows[name], strict=True):
        sums[key] = sums.get(key, 0.0) + float(number)
    return sums


def _counting(snapshot: Snapshot) -> dict[tuple[str, str], set[Client]]:
    """The client workloads that expose the counter of retries, by cluster and service."""
    rows = snapshot.envoy.dropna(subset=["retries"])
    keys = ["cluster", "destination_service", "namespace", "workload"]
    found: dict[tuple[str, str], set[Client]] = {}
    for cluster, service, namespace, workload in rows[keys].drop_duplicates().to_numpy():
        found.setdefault((str(cluster), str(service)), set()).add((str(namespace), str(workload)))
    return found
