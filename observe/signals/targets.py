"""Which edges speak for which service: a target is a host as the clients of one cluster see it."""

from __future__ import annotations

import pandas as pd

from observe.target import Target

#: Reporters whose latency is the client's own, best first (DESIGN: reporters are never summed).
CLIENT_REPORTERS = ("source", "waypoint")

_NO_NAMESPACE = ("", "unknown")


def edges_with_target(edges: pd.DataFrame) -> pd.DataFrame:
    """The edges with the columns `target` (its path), `speaks` and `registered`.

    `speaks` marks the edges whose numbers count for the target: for each client workload those
    of the best reporter there is, the sidecar (or gateway) before the waypoint. `registered` is
    False for traffic to hosts that the mesh does not know (Passthrough, BlackHole).
    """
    frame = edges.copy()
    frame["target"] = [
        target_of(cluster, namespace, service).path
        for cluster, namespace, service in zip(
            frame["cluster"],
            frame["destination_service_namespace"],
            frame["destination_service"],
            strict=True,
        )
    ]
    rank = frame["reporter"].map({r: i for i, r in enumerate(CLIENT_REPORTERS)})
    client = [frame["target"], frame["source_workload"], frame["source_namespace"]]
    best = rank.groupby(client).transform("min")
    frame["speaks"] = rank.notna() & (rank == best)
    frame["registered"] = ~frame["destination_service_namespace"].isin(_NO_NAMESPACE) & ~frame[
        "destination_service"
    ].isin(_NO_NAMESPACE)
    return frame


def target_of(cluster: str, namespace: str, service: str) -> Target:
    """The target of an edge; an empty cluster becomes None."""
    return Target(cluster=cluster or None, namespace=namespace, service=service)
