"""The call graph: which service calls which, how often, with what success."""

from __future__ import annotations

from collections import defaultdict

import networkx as nx
import pandas as pd

from observe.signals.outcomes import FAILURES, outcome_of
from observe.signals.targets import edges_with_target
from observe.telemetry.snapshot import Snapshot

#: Calls made for a smaller share of the caller's requests do not count for retries.
RARE_CALL = 0.001


def edge_traffic(snapshot: Snapshot) -> pd.DataFrame:
    """Requests over the window of every edge that speaks for its target.

    Returns:
        One row per client workload and destination workload: the columns of EDGES plus
        `target`, `registered`, `requests`, `failures`, `rps` and `retry_amplification`
        (requests that reached the destination per request sent; NaN where only one side
        reports).
    """
    edges = edges_with_target(snapshot.edges)
    totals = _totals_by_edge(snapshot)
    edges = edges.merge(totals, left_on="edge", right_index=True, how="left")
    edges[["requests", "failures"]] = edges[["requests", "failures"]].fillna(0.0)
    edges["rps"] = edges["requests"] / snapshot.manifest.window.length.total_seconds()
    spoken = edges[edges["speaks"]].drop(columns="speaks")
    return _with_amplification(spoken, edges[edges["reporter"] == "destination"])


def _totals_by_edge(snapshot: Snapshot) -> pd.DataFrame:
    rows = snapshot.requests[["edge", "requests"]].copy()
    failed = outcome_of(snapshot.requests).isin([f.value for f in FAILURES])
    rows["failures"] = rows["requests"].where(failed, 0.0)
    return rows.groupby("edge")[["requests", "failures"]].sum()


def _with_amplification(spoken: pd.DataFrame, received: pd.DataFrame) -> pd.DataFrame:
    """Retried requests count once at the source and once per try at the destination."""
    pair = ["source_namespace", "source_workload", "destination_service"]
    sent = spoken[spoken["reporter"] == "source"].groupby(pair)["requests"].sum()
    arrived = received.groupby(pair)["requests"].sum()
    ratio = (arrived / sent.where(sent > 0)).rename("retry_amplification")
    return spoken.merge(ratio, left_on=pair, right_index=True, how="left").reset_index(drop=True)


def call_graph(snapshot: Snapshot) -> nx.DiGraph[str]:
    """Targets as nodes (by path), calls as edges.

    An edge A → B means: a workload that serves A sends requests to B. Its attribute `per_request`
    says how many requests to B there are for each request to A. A workload's calls are looked up
    in its caller's own cluster first, then in the others.
    """
    traffic = edge_traffic(snapshot)
    traffic = traffic[traffic["registered"]]
    graph: nx.DiGraph[str] = nx.DiGraph()
    volume = traffic.groupby("target")["requests"].sum()
    graph.add_nodes_from((str(t), {"requests": float(v)}) for t, v in volume.items())
    calls = _calls_by_workload(traffic)
    for (target, cluster), served_by in _servers(traffic).items():
        for workload in served_by:
            for callee, requests in _pick_cluster(calls.get(workload, {}), cluster).items():
                if callee != target:
                    _add_call(graph, target, callee, requests)
    return graph


def calls_made(graph: nx.DiGraph[str], least_share: float) -> nx.DiGraph[str]:
    """The calls that at least this share of the caller's requests make; all targets, sorted."""
    calls: nx.DiGraph[str] = nx.DiGraph()
    calls.add_nodes_from(sorted(graph))
    for caller, callee, data in sorted(graph.edges(data=True), key=lambda edge: edge[:2]):
        if data["per_request"] >= least_share:
            calls.add_edge(caller, callee, per_request=data["per_request"])
    return calls


def _servers(traffic: pd.DataFrame) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """(target, cluster) → the workloads (namespace, name) that serve it."""
    served: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    columns = ["target", "cluster", "destination_namespace", "destination_workload"]
    for target, cluster, namespace, workload in traffic[columns].itertuples(index=False):
        if workload not in ("", "unknown"):
            served[target, cluster].add((namespace, workload))
    return served


def _calls_by_workload(
    traffic: pd.DataFrame,
) -> dict[tuple[str, str], dict[tuple[str, str], float]]:
    """Workload → {(cluster it calls from, target): requests}."""
    calls: dict[tuple[str, str], dict[tuple[str, str], float]] = defaultdict(dict)
    keys = ["source_namespace", "source_workload", "cluster", "target"]
    totals = traffic.groupby(keys, as_index=False)["requests"].sum()
    for namespace, workload, cluster, target, requests in totals.itertuples(index=False):
        calls[namespace, workload][cluster, target] = float(requests)
    return calls


def _pick_cluster(calls: dict[tuple[str, str], float], cluster: str) -> dict[str, float]:
    here = {target: n for (where, target), n in calls.items() if where == cluster}
    return here or {target: n for (_, target), n in calls.items()}


def _add_call(graph: nx.DiGraph[str], caller: str, callee: str, requests: float) -> None:
    arrived = graph.nodes[caller]["requests"]
    share = requests / arrived if arrived > 0 else 0.0
    before = graph.edges[caller, callee]["per_request"] if graph.has_edge(caller, callee) else 0.0
    graph.add_edge(caller, callee, per_request=before + share)
