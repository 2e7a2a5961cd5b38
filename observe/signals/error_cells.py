"""Errors that outlier detection counts, per client workload and fine step.

Each proxy counts errors in a row for itself, so what matters is how often the tries of one client
fail, not how often the requests of a service do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from observe.signals.ejections import Counted, counted_in, gave_up
from observe.signals.targets import edges_with_target
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]
Client = tuple[str, str]


_SUMS = ["requests", "errors", "gateway"]
_ALL_SUMS = [*_SUMS, "exhausted"]


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
        exhausted: those whose tries all failed without the server's proxy seeing it; what the
            tries before were like, nothing else tells.
        grpc: share of the requests that were gRPC (0-1).
    """

    clients: tuple[Client, ...]
    client: NDArray[np.int64]
    step: NDArray[np.int64]
    requests: Floats
    errors: Floats
    gateway: Floats
    exhausted: Floats
    grpc: float

    def at(self, cells: NDArray[np.bool_]) -> ErrorCells:
        """Only these cells."""
        return replace(
            self,
            client=self.client[cells],
            step=self.step[cells],
            requests=self.requests[cells],
            errors=self.errors[cells],
            gateway=self.gateway[cells],
            exhausted=self.exhausted[cells],
        )

    def scaled(self, requests: Floats, errors: Floats, gateway: Floats) -> ErrorCells:
        """The same cells with these parts of their requests and errors."""
        n = np.maximum(self.requests * requests, 0.0)
        x, g = np.minimum(self.errors * errors, n), np.minimum(self.gateway * gateway, n)
        scaled = replace(self, requests=n, errors=x, gateway=np.minimum(g, x))
        return scaled.at(n > 0)


def error_cells(snapshot: Snapshot) -> dict[str, ErrorCells]:
    """The cells of each target that a client's proxy (or a waypoint) speaks for, by path."""
    edges = edges_with_target(snapshot.edges)
    edges = edges[edges["speaks"] | (edges["reporter"] == "destination")]
    names = zip(edges["source_namespace"], edges["source_workload"], strict=True)
    edges = edges.assign(
        client=pd.Series([(str(ns), str(name)) for ns, name in names], index=edges.index)
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
            "exhausted": np.where(_exhausted(rows["flags"]), count, 0.0),
        }
    )
    window = snapshot.manifest.window
    last = window.length.total_seconds() / window.step_seconds
    plain = plain[(plain["step"] >= 0) & (plain["step"] < last)]
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
        side: rows.groupby(["client", "step"])[_ALL_SUMS].sum()
        for side, rows in part.groupby("speaks")
    }
    here = by_side[True]
    there = by_side.get(False, here)
    index = here.index.union(there.index)
    own, other = here.reindex(index, fill_value=0.0), there.reindex(index, fill_value=0.0)
    sides = (own["requests"].to_numpy(), other["requests"].to_numpy())
    requests: Floats = np.maximum(*sides).astype(np.float64)
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
        own["exhausted"].to_numpy(dtype=np.float64),
        float(grpc),
    )
    return cells.at(requests > 0)


def _share(side: pd.DataFrame, name: str) -> Floats:
    n = side["requests"].to_numpy(dtype=np.float64)
    x = side[name].to_numpy(dtype=np.float64)
    share: Floats = np.divide(x, n, out=np.zeros_like(x), where=n > 0)
    return share


def _exhausted(flags: pd.Series[str]) -> NDArray[np.bool_]:
    codes, values = pd.factorize(flags)
    meaning = np.array([*(gave_up(str(value)) for value in values), False], dtype=np.bool_)
    mask: NDArray[np.bool_] = meaning[codes]
    return mask
