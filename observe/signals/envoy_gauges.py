"""What Envoy's own gauges show of the requests under way, where the mesh exposes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.signals.edge_steps import EdgeSteps
from observe.signals.targets import edges_with_target
from observe.telemetry.snapshot import Snapshot

Floats = NDArray[np.float64]


def requests_active(snapshot: Snapshot) -> dict[str, Floats]:
    """Target path → the most requests active in any one client proxy, per coarse step (H).

    Each port and subset of a host is a cluster of Envoy with limits of its own, so that they are
    not added up. NaN where nothing was shown; a target of which nothing was ever shown is absent.
    A gauge is sampled at each scrape: what happens between two scrapes it does not see.
    """
    rows = snapshot.envoy.dropna(subset=["requests_active"])
    if rows.empty:
        return {}
    steps = EdgeSteps(snapshot)
    rows = rows.assign(at=steps.coarse(rows))
    rows = rows[rows["at"] >= 0]
    edges = edges_with_target(snapshot.edges)
    names = edges.loc[edges["speaks"], ["cluster", "destination_service", "target"]]
    rows = rows.merge(names.drop_duplicates(), on=["cluster", "destination_service"])
    most = rows.groupby(["target", "at"], as_index=False)["requests_active"].max()
    found: dict[str, Floats] = {}
    for path, at, value in most.itertuples(index=False):
        series = found.setdefault(str(path), np.full(steps.coarse_steps, np.nan))
        series[at] = value
    return found
