"""Snapshots of several servers as one: clusters named, steps made equal, edges numbered anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import lcm
from typing import Any

import pandas as pd

from observe.telemetry.frames import (
    ALL,
    AUTOSCALERS,
    CONTAINERS,
    COVERAGE,
    EDGE_KEYS,
    EDGES,
    ENVOY,
    HOST_ERRORS,
    HOSTS,
    ISTIOD,
    ISTIOD_CONFIG,
    ISTIOD_TRIGGERS,
    LATENCY,
    LATENCY_SUM,
    PROXIES,
    REQUESTS,
    RESOURCES,
    RESTARTS,
    USAGE,
    FrameSpec,
)
from observe.telemetry.merged_manifest import merge_manifests
from observe.telemetry.snapshot import Snapshot

#: What Istio calls a cluster to which nobody gave a name (values `global.multiCluster`).
ISTIO_DEFAULT_CLUSTER = "Kubernetes"
#: Columns that longer steps hold other than as a sum.
_COMBINED = {
    "pods": "mean",
    "cpu_cores": "mean",
    "cpu_throttled": "mean",
    "memory_bytes": "max",
    "proxies": "max",  # at least as many
    "busiest_share": "max",  # at most as much
    "requests_active": "max",
    "requests_pending": "max",
    "connections_active": "max",
    "throttled": "mean",
    **dict.fromkeys(("cpu_busiest", "memory_busiest", "bytes_p99", "bytes_most"), "max"),
    **dict.fromkeys(("replicas", "services", "virtual_services"), "max"),
    **dict.fromkeys(("convergence_p50", "convergence_p99", "queue_p99"), "max"),
}
#: Frames about whole clusters, of which a server knows all or nothing.
_OF_CLUSTERS = (RESTARTS, ISTIOD, ISTIOD_TRIGGERS, ISTIOD_CONFIG)
#: Envoy's counters: a sum of what is known, unknown when nothing is.
_COUNTED = tuple(
    column
    for spec in (ENVOY, *_OF_CLUSTERS)
    for column, kind in spec.columns.items()
    if kind == "float64" and column not in _COMBINED
)
#: Columns of frames without steps.
_SETTINGS = tuple(
    column
    for spec in (RESOURCES, AUTOSCALERS)
    for column, kind in spec.columns.items()
    if kind != "str" and column not in _COMBINED
)
#: Frames of single hosts and workloads: servers are not compared, the first with a row is believed.
_FIRST_BELIEVED = (
    *(CONTAINERS, HOSTS, HOST_ERRORS, ENVOY),
    *(USAGE, RESOURCES, AUTOSCALERS, *_OF_CLUSTERS),
)
#: Frames besides `edges` that name the cluster.
_PLACED = ("edges", *(spec.name for spec in _FIRST_BELIEVED))
_MESSAGES = ("request_messages", "response_messages")
_VALUES = (
    "requests",
    "sum_ms",
    "samples",
    "expected",
    *_MESSAGES,
    *_COMBINED,
    *_COUNTED,
    *_SETTINGS,
)


def name_cluster(snapshot: Snapshot, name: str, *, rename_default: bool) -> Snapshot:
    """The snapshot with a name for the cluster of series that carry none.

    Args:
        snapshot: what was read from one server.
        name: name of its cluster.
        rename_default: whether Istio's default name is replaced too, since many clusters bear it.
    """
    unnamed = ["", ISTIO_DEFAULT_CLUSTER] if rename_default else [""]
    frames: dict[str, Any] = {frame: getattr(snapshot, frame) for frame in _PLACED}
    for key, frame in frames.items():
        told = frame["cluster"].astype("str")
        cluster = told.where(~told.isin(unnamed), name)
        frames[key] = frame.assign(cluster=cluster.astype(frame["cluster"].dtype.name))
    return replace(snapshot, **frames)


def merge(snapshots: Mapping[str, Snapshot]) -> Snapshot:
    """One snapshot of all.

    Where two servers recorded the same edge, the one that covers it better is believed: their
    counts are not added up, since most such pairs scrape the same pods.

    Args:
        snapshots: name of the server → what was read from it; at least one.
    """
    fine = lcm(*(s.manifest.window.step_seconds for s in snapshots.values()))
    coarse = lcm(fine, *(s.manifest.window.coarse_step_seconds for s in snapshots.values()))
    alike = {name: _with_steps(s, fine, coarse) for name, s in snapshots.items()}
    edges = _all_edges(alike)
    kept = edges[edges["kept"]]
    frames: dict[str, pd.DataFrame] = {}
    for spec in ALL:
        parts = [_renumbered(getattr(s, spec.name), kept, name) for name, s in alike.items()]
        frames[spec.name] = _together(spec, parts)
    frames["edges"] = EDGES.conform(kept.drop_duplicates("edge").sort_values("edge"))
    described = {name: s.manifest for name, s in snapshots.items()}
    manifest = merge_manifests(described, fine, coarse, _share(frames["coverage"]))
    source = manifest.source
    warnings = (*source.warnings, *_double_warnings(edges[~edges["kept"]]))
    source = source.model_copy(update={"warnings": warnings})
    return Snapshot(manifest=manifest.model_copy(update={"source": source}), **frames)


def _with_steps(snapshot: Snapshot, fine: int, coarse: int) -> Snapshot:
    """The snapshot in longer steps, each a multiple of those it has."""
    window = snapshot.manifest.window
    changes: dict[str, Any] = {}
    for spec, now, then in (
        *((spec, window.step_seconds, fine) for spec in (REQUESTS, HOST_ERRORS, USAGE)),
        *(
            (spec, window.coarse_step_seconds, coarse)
            for spec in (
                *(LATENCY, LATENCY_SUM, COVERAGE, CONTAINERS, PROXIES, HOSTS, ENVOY),
                *_OF_CLUSTERS,
            )
        ),
    ):
        if now != then:
            changes[spec.name] = _lengthened(getattr(snapshot, spec.name), spec, then)
    return replace(snapshot, **changes)


def _lengthened(frame: pd.DataFrame, spec: FrameSpec, seconds: int) -> pd.DataFrame:
    values = [column for column in spec.columns if column in _VALUES]
    keys = [column for column in spec.columns if column not in values]
    floored = frame.assign(time=frame["time"].dt.floor(f"{seconds}s"))
    return spec.conform(_combined(floored, keys, values, _COMBINED).reset_index())


def _combined(
    frame: pd.DataFrame, keys: list[str], values: list[str], how: Mapping[str, str]
) -> pd.DataFrame:
    """Rows of equal keys as one; what is added up stays unknown where nothing is known."""
    grouped = frame.groupby(keys, observed=True, sort=True)
    added = [column for column in values if column not in how]
    parts = [grouped[added].sum(min_count=1)] if added else []
    parts += [grouped[column].agg(how[column]).to_frame() for column in values if column in how]
    return pd.concat(parts, axis=1)


def _all_edges(snapshots: Mapping[str, Snapshot]) -> pd.DataFrame:
    """Every edge of every server.

    Returns:
        The keys of an edge, its new number `edge`, its `old` number at its `server`, and whether
        it is `kept`: no other server covers it better, or as well and comes first.
    """
    keys = list(EDGE_KEYS)
    parts = []
    for name, snapshot in snapshots.items():
        samples = snapshot.coverage.groupby("edge")["samples"].sum()
        covered = snapshot.edges["edge"].map(samples).fillna(0.0)
        part = snapshot.edges.rename(columns={"edge": "old"})
        parts.append(part.assign(server=name, samples=covered))
    every = pd.concat(parts, ignore_index=True)
    by_server = every.groupby([*keys, "server"], sort=False)["samples"].sum().reset_index()
    best_first = by_server.sort_values("samples", ascending=False, kind="stable")
    best = best_first.drop_duplicates(keys)[[*keys, "server"]].assign(kept=True)
    numbered = every.assign(edge=every.groupby(keys, sort=True).ngroup())
    merged = numbered.merge(best, on=[*keys, "server"], how="left")
    return merged.assign(kept=merged["kept"].notna())


def _renumbered(frame: pd.DataFrame, kept: pd.DataFrame, server: str) -> pd.DataFrame:
    """Rows of the edges of a server that are kept, with their new numbers."""
    if "edge" not in frame.columns:
        return frame
    own = kept[kept["server"] == server].set_index("old")["edge"]
    new = frame["edge"].map(own)
    return frame.assign(edge=new)[new.notna()]


def _together(spec: FrameSpec, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All rows in the order in which a single server's would be."""
    texts = {column: "str" for column, kind in spec.columns.items() if kind == "category"}
    whole = pd.concat([part.astype(texts) for part in parts], ignore_index=True)
    if whole.empty:
        return spec.empty()
    keys = [column for column in spec.columns if column not in _VALUES]
    if spec in _FIRST_BELIEVED:
        whole = whole.drop_duplicates(keys)
    elif whole.duplicated(keys).any():  # two of a server's edges have become one with the name
        values = [column for column in spec.columns if column in _VALUES]
        how = {"busiest_share": "max"}
        whole = (
            _combined(whole, keys, values, how).reset_index()
            if values
            else whole.drop_duplicates(keys)
        )
    return spec.conform(whole.sort_values(keys, ignore_index=True))


def _share(coverage: pd.DataFrame) -> float | None:
    """Scrapes present / expected, None when nothing is known."""
    expected = float(coverage["expected"].sum())
    return min(float(coverage["samples"].sum()) / expected, 1.0) if expected else None


def _double_warnings(doubles: pd.DataFrame) -> list[str]:
    """About edges of which only one server's numbers were kept."""
    if doubles.empty:
        return []
    servers = ", ".join(sorted(set(doubles["server"])))
    return [
        f"{len(doubles)} edges of {servers} were recorded by another server too, which was "
        "believed: are both replicas of one another? If they are two clusters with one name, give "
        "each a name (--prometheus NAME=URL); if they share the pods of one cluster, ask an "
        "address that holds all (Thanos Query)"
    ]
