"""Requests under way between clients and servers, by Little's law, step by step.

Little (1961): the mean number under way is rate x mean duration. The rate is that of a fine step,
the duration that of the coarse step around it. Requests that a pool refused (flag UO) count in the
rate, because they were wanted, and not in the duration, because they were answered at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.signals.edge_steps import EdgeSteps
from observe.signals.proxy_share import ProxyShares, Share, Workload
from observe.signals.targets import edges_with_target, target_of
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]

#: Who limits: cluster, namespace and name of the client workload (of a waypoint, its name).
Client = Workload
WAYPOINT = "waypoint"
_CLIENT_COLUMNS = ["cluster", "source_namespace", "source_workload"]


@dataclass(frozen=True)
class Load:
    """Requests of one side over the window, all its proxies together.

    Attributes:
        name: cluster, namespace and workload.
        requests: requests per fine step (T).
        mean_ms: mean duration in the coarse step around each fine step (T), ms; NaN when none
            was recorded in the whole window.
        share: what part of it the busiest proxy had, and how that is known.
        step_seconds: length of a fine step.
    """

    name: Client
    requests: Floats
    mean_ms: Floats
    share: Share
    step_seconds: int

    @property
    def under_way(self) -> Floats:
        """Mean number under way in each fine step (T), of all proxies together."""
        number: Floats = self.requests / self.step_seconds * self.mean_ms / 1000.0
        return number

    @property
    def busiest_under_way(self) -> Floats:
        """The same of the busiest proxy alone."""
        number: Floats = self.under_way * self.share.busiest
        return number


@dataclass(frozen=True)
class TargetLoad:
    """Both sides of one target.

    Attributes:
        target: the host as the clients of one cluster see it.
        times: starts of the fine steps (T), UTC.
        clients: one entry a client workload; a waypoint stands for all the clients behind it.
        server: the servers as their own proxies report them, or as the sum of the clients where
            they do not; None where no sidecar of a server limits anything (waypoint).
        requests: requests of the clients.
        refused: those that a pool refused (UO).
        protocols: `request_protocol` of its edges.
    """

    target: Target
    times: NDArray[np.datetime64]
    clients: tuple[Load, ...]
    server: Load | None
    requests: float
    refused: float
    protocols: frozenset[str]


def concurrency_by_target(snapshot: Snapshot) -> dict[str, TargetLoad]:
    """Load of every target that a client's proxy (or a waypoint) speaks for, by path."""
    edges = edges_with_target(snapshot.edges)
    reader = _Reader(snapshot, edges)
    spoken = edges[edges["speaks"]]
    return {str(path): reader.target(part) for path, part in spoken.groupby("target", sort=True)}


class _Reader:
    """Makes the loads of one snapshot."""

    def __init__(self, snapshot: Snapshot, edges: pd.DataFrame) -> None:
        self._steps = EdgeSteps(snapshot)
        self._shares = ProxyShares(snapshot, self._steps)
        arrived = edges[edges["reporter"] == "destination"]
        self._nobody = arrived.iloc[:0]
        self._arrived = {str(h): part for h, part in arrived.groupby("destination_service")}

    def target(self, part: pd.DataFrame) -> TargetLoad:
        """Both sides of the target that these edges speak for."""
        first = part.iloc[0]
        names = (first["cluster"], first["destination_service_namespace"])
        target = target_of(str(names[0]), str(names[1]), str(first["destination_service"]))
        numbers = part["edge"].to_numpy()
        return TargetLoad(
            target=target,
            times=self._steps.times,
            clients=tuple(self._client(name, rows) for name, rows in _by_client(part)),
            server=self._server(target, part),
            requests=float(self._steps.requests(numbers).sum()),
            refused=self._steps.refused(numbers),
            protocols=frozenset(str(p) for p in part["protocol"].unique()),
        )

    def _client(self, name: Client, rows: pd.DataFrame) -> Load:
        numbers = rows["edge"].to_numpy()
        share = self._shares.of_client([int(e) for e in numbers], name)
        return self._load(name, numbers, share)

    def _server(self, target: Target, spoken: pd.DataFrame) -> Load | None:
        """The servers of the client's own cluster where they report, else of all clusters."""
        if not (spoken["reporter"] == "source").any():
            return None
        host, cluster = target.service or "", target.cluster or ""
        there = self._arrived.get(host, self._nobody)
        here = there[there["cluster"] == cluster]
        rows = here if len(here) else there if len(there) else spoken
        columns = ["cluster", "destination_namespace", "destination_workload"]
        behind = [
            (str(c), str(n), str(w)) for c, n, w in rows[columns].drop_duplicates().to_numpy()
        ]
        where = cluster if len(here) or not len(there) else str(there.iloc[0]["cluster"])
        share = self._shares.of_server(where, host, behind)
        load = self._load((where, target.namespace, host), rows["edge"].to_numpy(), share)
        sent = self._load(load.name, spoken["edge"].to_numpy(), share)
        # Servers that are not all scraped see less than was sent. Durations are collected from
        # the clients only; theirs are the longer ones.
        known = not np.isnan(load.mean_ms).any()
        return replace(
            load,
            requests=np.maximum(load.requests, sent.requests),
            mean_ms=load.mean_ms if known else sent.mean_ms,
        )

    def _load(self, name: Client, edges: NDArray[np.int64], share: Share) -> Load:
        steps = self._steps
        return Load(name, steps.requests(edges), steps.mean_ms(edges), share, steps.step_seconds)


def most_under_way(loads: dict[str, TargetLoad]) -> dict[str, tuple[dict[Client, float], float]]:
    """Path → the most under way in a fine step, of each client and of all clients together."""
    found = {}
    for path, load in loads.items():
        each = {client.name: client.under_way for client in load.clients}
        known = {name: number for name, number in each.items() if not np.isnan(number).all()}
        together = np.nansum(list(known.values()), axis=0) if known else np.zeros(1)
        most = {name: float(np.nanmax(number)) for name, number in known.items()}
        found[path] = (most, float(together.max()))
    return found


def _by_client(part: pd.DataFrame) -> list[tuple[Client, pd.DataFrame]]:
    """Edges of each client; those that waypoints report belong to the waypoint of the target."""
    waypoint = part["reporter"] == "waypoint"
    found: list[tuple[Client, pd.DataFrame]] = []
    for (cluster, namespace, workload), rows in part[~waypoint].groupby(_CLIENT_COLUMNS, sort=True):
        found.append(((str(cluster), str(namespace), str(workload)), rows))
    if waypoint.any():
        rows = part[waypoint]
        first = rows.iloc[0]
        namespace = str(first["destination_service_namespace"])
        found.append(((str(first["cluster"]), namespace, WAYPOINT), rows))
    return found
