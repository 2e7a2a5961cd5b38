"""Errors that outlier detection counts, per client workload and fine step.

Each proxy counts errors in a row for itself, so what matters is how often the tries of one client
fail, not how often the requests of a service do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.signals.ejections import Counted, counted_in
from observe.signals.targets import edges_with_target
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]
Client = tuple[str, str]


_SUMS = ["requests", "errors", "gateway"]


@dataclass(frozen=True)
class ErrorCells:
    """Requests of one target; a cell is one client workload in one fine step (N cells).

    Where clients and servers both report, the larger number of requests counts (a retry is seen
    at the server only) and the larger share of errors (a connect failure is seen at the client
    only, an error that a retry cured at the server only).

    Attributes:
        clients: namespace and workload of each client.
        client: which client, per cell.
        step: fine step since the start of the window, per cell.
        requests: requests per cell, above 0.
        errors: those that failed.
        gateway: 502, 503 and 504 among the errors.
        grpc: share of the requests that were gRPC (0-1).
    """

    clients: tuple[Client, ...]
    client: NDArray[np.int64]
    step: NDArray[np.int64]
    requests: Floats
    errors: Floats
    gateway: Floats
    grpc: float

    def at(self, cells: NDArray[np.bool_]) -> ErrorCells:
        """Only these cells."""
        parts = (self.client, self.step, self.requests, self.errors, self.gateway)
        client, step, *numbers = (part[cells] for part in parts)
        return ErrorCells(self.clients, client, step, *numbers, self.grpc)  # type: ignore[arg-type]

    def scaled(self, requests: Floats, errors: Floats, gateway: Floats) -> ErrorCells:
        """The same cells with these parts of their requests and errors."""
        n = np.maximum(self.requests * requests, 0.0)
        x, g = np.minimum(self.errors * errors, n), np.minimum(self.gateway * gateway, n)
        scaled = ErrorCells(self.clients, self.client, self.step, n, x, np.minimum(g, x), self.grpc)
        return scaled.at(n > 0)


def error_cells(snapshot: Snapshot) -> dict[str, ErrorCells]:
    """The cells of each target that a client's proxy (or a waypoint) speaks for, by path."""
    edges = edges_with_target(snapshot.edges)
    edges = edges[edges["speaks"] | (edges["reporter"] == "destination")]
    edges = edges.assign(
        client=list(zip(edges["source_namespace"], edges["source_workload"], strict=True))
    )
    rows = snapshot.requests
    kind = counted_in(rows)
    count = rows["requests"].to_numpy(dtype=np.float64)
    start = pd.Timestamp(snapshot.manifest.window.start)
    seconds = (rows["time"] - start).dt.total_seconds().to_numpy(dtype=np.float64)
    plain = pd.DataFrame(
        {
            "edge": rows["edge"].to_numpy(),
            "step": (seconds // snapshot.manifest.window.step_seconds).astype(np.int64),
            "requests": count,
            "errors": np.where(kind != Counted.NOT, count, 0.0),
            "gateway": np.where(kind == Counted.GATEWAY, count, 0.0),
        }
    )
    named = edges[["edge", "target", "client", "speaks", "protocol"]]
    sums = plain.groupby(["edge", "step"], as_index=False).sum().merge(named, on="edge")
    return {str(path): _cells(part) for path, part in sums.groupby("target") if _spoken(part)}


def _spoken(part: pd.DataFrame) -> bool:
    return bool(part["speaks"].any())


def _cells(part: pd.DataFrame) -> ErrorCells:
    client, clients = pd.factorize(part["client"])
    spoken = part["speaks"].to_numpy(dtype=np.bool_)
    part = part.assign(client=client)[np.isin(client, client[spoken])]
    by_side = {
        side: rows.groupby(["client", "step"])[_SUMS].sum() for side, rows in part.groupby("speaks")
    }
    here = by_side[True]
    there = by_side.get(False, here)
    index = here.index.union(there.index)
    own, other = (side.reindex(index, fill_value=0.0) for side in (here, there))
    requests = np.maximum(own["requests"], other["requests"]).to_numpy(dtype=np.float64)
    errors, gateway = (
        np.maximum(_share(own, name), _share(other, name)) * requests for name in _SUMS[1:]
    )
    grpc = part.loc[part["protocol"] == "grpc", "requests"].sum() / max(
        part["requests"].sum(), 1e-9
    )
    cells = ErrorCells(
        tuple((str(ns), str(name)) for ns, name in clients),
        index.get_level_values("client").to_numpy(dtype=np.int64),
        index.get_level_values("step").to_numpy(dtype=np.int64),
        requests,
        errors,
        gateway,
        float(grpc),
    )
    return cells.at(requests > 0)


def _share(side: pd.DataFrame, name: str) -> Floats:
    n = side["requests"].to_numpy(dtype=np.float64)
    x = side[name].to_numpy(dtype=np.float64)
    return np.divide(x, n, out=np.zeros_like(x), where=n > 0)
