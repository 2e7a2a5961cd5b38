"""Meshes whose containers are sized well, too large, too small, or change: drawn at random."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from observe.demo.containers import Container, containers_of
from observe.demo.habits import Habits
from observe.demo.mixture import lognormal
from observe.demo.random_parts import random_rhythm
from observe.demo.truth import Edge, Service, Truth, Workload

Kind = Literal["steady", "idle", "leak", "killed", "startup", "monday", "hot", "throttled"]
#: Every kind takes its turn, so that a mesh of eight workloads has one of each.
KINDS: tuple[Kind, ...] = (
    *("steady", "idle", "leak", "killed"),
    *("startup", "monday", "hot", "throttled"),
)


def kind_of(workload: Workload) -> str:
    """The kind of a workload of such a mesh; its name tells."""
    return workload.name.rpartition("-")[0]


def random_sizing_mesh(seed: int, workloads: int = len(KINDS)) -> Truth:
    """A mesh whose containers' needs are known; see `container_truth`.

    Ranges: 1-6 replicas (a hot one has 2-6); peak load 1-20 requests a second and pod
    (log-uniform), of one that is idle 0.01; a leak reaches the limit in 20-40 days, or in 20-60
    hours where it kills; starts take 0.3-1 cores for 5-15 minutes, with three rollouts a week;
    Monday has 1.8-3 times the load of other days; a hot replica has 2-4 times that of each other;
    a limit that throttles is 60-95 % of what the busiest hour wants.

    Args:
        seed: of everything about the mesh; from 10,000 on they are reserved for benchmarks.
        workloads: how many, besides the client of all.
    """
    rng = np.random.default_rng(seed)
    gateway = Workload("main", "istio-system", "istio-ingressgateway", 2)
    edges = [_edge(rng, gateway, KINDS[n % len(KINDS)], n) for n in range(workloads)]
    return Truth(tuple(edges), seed=seed, name=f"sizing-{seed}")


def _edge(rng: np.random.Generator, gateway: Workload, kind: Kind, number: int) -> Edge:
    replicas = int(rng.integers(2 if kind == "hot" else 1, 7))
    rhythm = random_rhythm(rng)
    plain = Workload("main", "shop", f"{kind}-{number:02d}", replicas, containers=True)
    (app, _) = containers_of(plain)
    rps = 0.01 if kind == "idle" else float(np.exp(rng.uniform(0.0, np.log(20))))
    rhythm = replace(rhythm, monday=float(rng.uniform(1.8, 3.0)) if kind == "monday" else 1.0)
    busiest = max(1.0, rhythm.monday, rhythm.weekend)
    workload = replace(
        plain,
        rollouts=tuple(np.sort(rng.uniform(2, 166, 3)).tolist()) if kind == "startup" else (),
        skew=float(rng.uniform(1.0, 3.0)) if kind == "hot" else 0.0,
        habits=_habits(rng, kind, app, rps * busiest),
    )
    service = Service(workload, lognormal(20.0, 0.4), rhythm)
    return Edge(gateway, service, rps * replicas)


def _habits(rng: np.random.Generator, kind: Kind, app: Container, rps: float) -> Habits:
    """A limit that is never reached, unless the kind says otherwise."""
    peak = float(app.wanted(np.array([rps]))[0])
    free = Habits(cpu_limit=6.0 * peak + 2.0, cpu_request=peak)
    left = app.limit_bytes - app.base_bytes
    if kind == "leak":
        return replace(free, leak_bytes_per_hour=left / float(rng.uniform(480, 960)))
    if kind == "killed":
        return replace(free, leak_bytes_per_hour=left / float(rng.uniform(20, 60)))
    if kind == "startup":
        cores, minutes = float(rng.uniform(0.3, 1.0)), float(rng.uniform(5, 15))
        return replace(free, startup_cores=cores, startup_minutes=minutes)
    if kind == "throttled":
        limit = peak * float(rng.uniform(0.6, 0.95))
        return replace(free, cpu_limit=limit, cpu_request=limit / 2)
    return free
