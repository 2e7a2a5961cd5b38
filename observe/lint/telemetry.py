"""What telemetry says about the hosts that objects configure: one record a target."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

import networkx as nx
import numpy as np
import pandas as pd

from observe.recommend.model import Advice, Withheld
from observe.recommend.pool_model import PoolRecommendation
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.signals.callgraph import call_graph, edge_traffic
from observe.signals.concurrency import concurrency_by_target, most_under_way
from observe.signals.targets import target_of
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

Workload = tuple[str, str, str]  # cluster, namespace, name


@dataclass(frozen=True)
class TargetFacts:
    """One target over the window.

    Attributes:
        target: the host as the clients of one cluster see it.
        requests: requests of its clients.
        flags: response flag → requests that carry it.
        too_many: requests answered 429.
        failures: requests that failed by the service's fault.
        amplification: tries that arrived per request sent; None where one side does not report.
        clients: the workloads that call it.
        servers: the workloads behind it.
        under_way: client → requests under way in its busiest step, of all its proxies together.
        all_under_way: the same of all clients together, in their busiest step.
        grpc: whether all of it is gRPC.
    """

    target: Target
    requests: float
    flags: dict[str, float]
    too_many: float
    failures: float
    amplification: float | None
    clients: frozenset[Workload]
    servers: frozenset[Workload]
    under_way: dict[Workload, float] = field(default_factory=dict)
    all_under_way: float = 0.0
    grpc: bool = False

    @property
    def host(self) -> str:
        """Full name of the service."""
        return self.target.service or ""

    def share(self, flag: str) -> float:
        """Share of the requests that carry a flag, within 0..1."""
        return self.flags.get(flag, 0.0) / self.requests if self.requests > 0 else 0.0


@dataclass(frozen=True)
class Telemetry:
    """All that the rules ask of telemetry.

    Attributes:
        advice: what the recommenders say; None where it is not known.
        facts: target path → its record.
        graph: the call graph, of target paths.
        pods: workload → (usual number of pods, highest number).
        clusters: the clusters that telemetry names.
        whole: whether nothing that was asked for is missing.
    """

    advice: Advice | None = None
    facts: dict[str, TargetFacts] = field(default_factory=dict)
    graph: nx.DiGraph[str] = field(default_factory=nx.DiGraph)
    pods: dict[Workload, tuple[int, int]] = field(default_factory=dict)
    clusters: frozenset[str] = frozenset()
    whole: bool = False

    @cached_property
    def timeouts(self) -> dict[str, TimeoutRecommendation]:
        """Target path → the timeout recommended."""
        found = self.advice.recommendations if self.advice else ()
        return {r.target.path: r for r in found if r.kind == "timeout"}

    @cached_property
    def pools(self) -> dict[str, PoolRecommendation]:
        """Target path → the connection pool recommended."""
        found = self.advice.recommendations if self.advice else ()
        return {r.target.path: r for r in found if r.kind == "connectionPool"}

    @cached_property
    def withheld(self) -> dict[str, Withheld]:
        """Target path → why no timeout is recommended."""
        found = self.advice.withheld if self.advice else ()
        return {w.target.path: w for w in found if w.kind == "timeout"}

    @cached_property
    def targets(self) -> dict[str, Target]:
        """Target path → target, of all that is known."""
        known = [facts.target for facts in self.facts.values()]
        known += [r.target for r in self.timeouts.values()]
        known += [w.target for w in self.withheld.values()]
        return {target.path: target for target in known if target.service}

    def replicas(self, cluster: str | None) -> dict[str, int]:
        """Full host → its usual number of pods, where all workloads behind it are counted."""
        found = {}
        for facts in self.facts.values():
            if facts.target.cluster == cluster and facts.servers <= self.pods.keys():
                found[facts.host] = sum(self.pods[server][0] for server in facts.servers)
        return {host: pods for host, pods in found.items() if pods > 0}


def telemetry_of(snapshot: Snapshot | None, advice: Advice | None) -> Telemetry:
    """What a snapshot and the advice made from it say; either may be missing."""
    named = [r.target.cluster for r in advice.recommendations] if advice else []
    named += [w.target.cluster for w in advice.withheld] if advice else []
    clusters = frozenset(name for name in named if name)
    if snapshot is None:
        return Telemetry(advice=advice, clusters=clusters)
    clusters |= frozenset(str(name) for name in snapshot.edges["cluster"].unique() if name)
    return Telemetry(
        advice=advice,
        facts=_facts(snapshot),
        graph=call_graph(snapshot),
        pods=_pods(snapshot.containers),
        clusters=clusters,
        whole=not snapshot.manifest.missing,
    )


def _facts(snapshot: Snapshot) -> dict[str, TargetFacts]:
    traffic = edge_traffic(snapshot)
    traffic = traffic[traffic["registered"]]
    outcomes = _outcomes(snapshot, traffic)
    under_way = most_under_way(concurrency_by_target(snapshot))
    found = {}
    for path, part in traffic.groupby("target", sort=True):
        first = part.iloc[0]
        flags, too_many = outcomes.get(str(path), ({}, 0.0))
        each, together = under_way.get(str(path), ({}, 0.0))
        found[str(path)] = TargetFacts(
            target=target_of(
                first["cluster"],
                first["destination_service_namespace"],
                first["destination_service"],
            ),
            requests=float(part["requests"].sum()),
            flags=flags,
            too_many=too_many,
            failures=float(part["failures"].sum()),
            amplification=_amplification(part),
            clients=_workloads(part, "source"),
            servers=_workloads(part, "destination"),
            under_way=each,
            all_under_way=together,
            grpc=bool((part["protocol"] == "grpc").all()),
        )
    return found


def _workloads(part: pd.DataFrame, side: str) -> frozenset[Workload]:
    columns = ["cluster", f"{side}_namespace", f"{side}_workload"]
    rows = part[columns].drop_duplicates().itertuples(index=False)
    return frozenset((c, n, w) for c, n, w in rows if w not in ("", "unknown"))


def _amplification(part: pd.DataFrame) -> float | None:
    both = part[part["retry_amplification"].notna() & (part["requests"] > 0)]
    sent = float(both["requests"].sum())
    arrived = float((both["retry_amplification"] * both["requests"]).sum())
    return arrived / sent if sent > 0 else None


def _outcomes(
    snapshot: Snapshot, traffic: pd.DataFrame
) -> dict[str, tuple[dict[str, float], float]]:
    """Target path → requests by flag, and those answered 429."""
    rows = snapshot.requests.merge(traffic[["edge", "target"]], on="edge")
    rows = rows.astype({"code": "str", "flags": "str"})
    totals = rows.groupby(["target", "code", "flags"], as_index=False)["requests"].sum()
    flags: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    too_many: dict[str, float] = defaultdict(float)
    columns = ["target", "code", "flags", "requests"]
    for target, code, written, requests in totals[columns].itertuples(index=False):
        for flag in {part.strip() for part in written.split(",")} - {"", "-"}:
            flags[target][flag] += float(requests)
        too_many[target] += float(requests) if code == "429" else 0.0
    return {target: (dict(flags[target]), too_many[target]) for target in too_many}


def _pods(containers: pd.DataFrame) -> dict[Workload, tuple[int, int]]:
    """Workload → usual and highest number of pods."""
    if containers.empty:
        return {}
    keys = ["cluster", "namespace", "workload"]
    per_step = containers.groupby([*keys, "time"])["pods"].max().dropna()
    grouped = per_step.groupby(keys)
    usual, most = grouped.median(), grouped.max()
    return {
        (c, n, w): (int(np.floor(usual[c, n, w])), int(most[c, n, w])) for c, n, w in usual.index
    }
