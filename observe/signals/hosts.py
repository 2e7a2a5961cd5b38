"""What each host behind a service does, as its own proxy reports it: load and errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.signals.ejections import Counted, counted_in
from observe.signals.targets import edges_with_target, target_of
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ServiceHosts:
    """The hosts of one service over the fine steps of the window.

    Attributes:
        names: the hosts (H).
        requests: requests per host and fine step (H, T). Known per coarse step, they are spread
            over its fine steps as the requests of the whole service are.
        errors: those that outlier detection counts (H, T).
        gateway: 502, 503 and 504 among the errors (H, T).
        step_seconds: length of a fine step.
        per_coarse: fine steps in a coarse one.
    """

    names: tuple[str, ...]
    requests: Floats
    errors: Floats
    gateway: Floats
    step_seconds: int
    per_coarse: int

    def coarse_requests(self) -> Floats:
        """Requests per host and coarse step (H, C)."""
        return by_coarse(self.requests, self.per_coarse)

    def coarse_errors(self) -> Floats:
        """Errors per host and coarse step (H, C)."""
        return by_coarse(self.errors, self.per_coarse)


def hosts_by_target(snapshot: Snapshot) -> dict[str, ServiceHosts]:
    """The hosts of each service, by path of the target; empty where no host is reported."""
    if snapshot.hosts.empty:
        return {}
    window = snapshot.manifest.window
    steps = max(1, round(window.length.total_seconds() / window.step_seconds))
    errors = _host_errors(snapshot)
    edges = edges_with_target(snapshot.edges)
    served = _per_step(snapshot, edges[edges["reporter"] == "destination"], snapshot.requests)
    flags = snapshot.requests["flags"].astype(str)
    cut = _per_step(
        snapshot, edges[edges["speaks"]], snapshot.requests[flags.str.contains("UT", regex=False)]
    )
    keys = ["cluster", "destination_service_namespace", "destination_service"]
    failed = {target_of(*map(str, key)).path: rows for key, rows in errors.groupby(keys)}
    found: dict[str, ServiceHosts] = {}
    for key, rows in snapshot.hosts.groupby(keys):
        path = target_of(*map(str, key)).path
        parts = (failed.get(path), served.get(path), cut.get(path, np.zeros(steps)))
        found[path] = _service(snapshot, rows, *parts)
    return found


def hosts_behind(target: Target, found: Mapping[str, ServiceHosts]) -> ServiceHosts | None:
    """The hosts in the clients' own cluster, else those of the only cluster that has some.

    Args:
        target: the service as clients of one cluster see it.
        found: hosts by path of the target.
    """
    if target.path in found:
        return found[target.path]
    name = target.path.split("/", 1)[1]
    elsewhere = [path for path in found if path.split("/", 1)[1] == name]
    return found[elsewhere[0]] if len(elsewhere) == 1 else None


def _service(
    snapshot: Snapshot,
    rows: pd.DataFrame,
    failed: pd.DataFrame | None,
    shape: Floats | None,
    cut: Floats,
) -> ServiceHosts:
    """One service; `shape` its requests and `cut` its clients' timeouts per fine step (T)."""
    window = snapshot.manifest.window
    steps = cut.size
    ratio = max(1, window.coarse_step_seconds // window.step_seconds)
    coarse = -(-steps // ratio)
    names = tuple(sorted(rows["host"].astype(str).unique()))
    start = window.start
    loads = _matrix(rows, names, coarse, start, window.coarse_step_seconds, "requests")
    weight = np.ones(coarse * ratio) if shape is None else np.pad(shape, (0, coarse * ratio))
    weight = weight[: coarse * ratio].reshape(coarse, ratio)
    total = weight.sum(axis=1, keepdims=True)
    weight = np.where(total > 0, weight / np.where(total > 0, total, 1.0), 1.0 / ratio)
    requests = (loads[:, :, None] * weight[None]).reshape(len(names), -1)[:, :steps]
    bad = np.zeros_like(requests)
    gateway = np.zeros_like(requests)
    if failed is not None:
        step = window.step_seconds
        hung = _matrix(failed, names, steps, start, step, "hung")
        hung *= np.minimum(1.0, cut / np.maximum(hung.sum(axis=0), 1e-9))
        bad = _matrix(failed, names, steps, start, step, "errors") + hung
        gateway = _matrix(failed, names, steps, start, step, "gateway") + hung
    return ServiceHosts(names, np.maximum(requests, bad), bad, gateway, window.step_seconds, ratio)


def _host_errors(snapshot: Snapshot) -> pd.DataFrame:
    """Errors of hosts that outlier detection counts, with the columns errors, gateway and hung.

    A request that nobody waited for any longer (code 0) hung when the client's proxy had cut it,
    and tells nothing when the client went away.
    """
    rows = snapshot.host_errors
    kind = counted_in(rows)
    gone = (rows["code"].astype(str) == "0").to_numpy() & (kind == Counted.NOT)
    count = rows["requests"].to_numpy(dtype=np.float64)
    return rows.assign(
        errors=np.where(kind != Counted.NOT, count, 0.0),
        gateway=np.where(kind == Counted.GATEWAY, count, 0.0),
        hung=np.where(gone, count, 0.0),
    )


def _per_step(snapshot: Snapshot, edges: pd.DataFrame, requests: pd.DataFrame) -> dict[str, Floats]:
    """Requests of these edges per fine step (T), by path of the target."""
    window = snapshot.manifest.window
    steps = max(1, round(window.length.total_seconds() / window.step_seconds))
    rows = requests[["time", "edge", "requests"]].merge(edges[["edge", "target"]], on="edge")
    return {
        str(path): _row(group, steps, window.start, window.step_seconds)
        for path, group in rows.groupby("target")
    }


def _row(rows: pd.DataFrame, steps: int, start: datetime, seconds: int) -> Floats:
    row: Floats = _matrix(rows.assign(host=""), ("",), steps, start, seconds, "requests")[0]
    return row


def _matrix(
    rows: pd.DataFrame,
    names: tuple[str, ...],
    steps: int,
    start: datetime,
    seconds: int,
    value: str,
) -> Floats:
    """Sums per host and step; rows outside the window are left out."""
    since = (rows["time"] - pd.Timestamp(start)).dt.total_seconds().to_numpy(dtype=np.float64)
    column = np.floor(since / seconds).astype(np.int64)
    line = pd.Index(names).get_indexer(pd.Index(rows["host"].astype(str)))
    inside = (column >= 0) & (column < steps) & (line >= 0)
    place = line[inside] * steps + column[inside]
    values = rows[value].to_numpy(dtype=np.float64)[inside]
    flat = np.bincount(place, values, len(names) * steps).astype(np.float64)
    sums: Floats = flat.reshape(len(names), steps)
    return sums


def by_coarse(values: Floats, ratio: int) -> Floats:
    """Sums over coarse steps of so many fine ones (H, T) -> (H, C)."""
    steps = values.shape[1]
    padded = np.pad(values, ((0, 0), (0, -steps % ratio)))
    sums: Floats = padded.reshape(values.shape[0], -1, ratio).sum(axis=2)
    return sums
