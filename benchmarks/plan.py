"""How long it takes to make a mesh's recommendations agree, and whether they do.

    python benchmarks/plan.py [--services N] [--calls N] [--meshes N]

Each mesh is a random graph: calls point from earlier to later services, and a few back, so that
there are cycles. Every service has a proposed timeout, two retries and a pool. Printed are the
time of each step, what the plan changed, and the invariants: callers outlast callees, and no path
of calls multiplies tries beyond the bound.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import networkx as nx
import numpy as np

from observe.recommend.plan import load_factors, plan_retries
from observe.recommend.plan_pools import agree_on_pools
from observe.recommend.plan_timeouts import agree_on_timeouts
from observe.recommend.policy import RetryPolicy
from observe.recommend.pool_model import PoolEvidence, PoolPredicted, PoolRecommendation
from observe.recommend.retry_model import RetryEvidence, RetryPredicted, RetryRecommendation
from observe.signals.callgraph import RARE_CALL, calls_made
from observe.signals.worst_paths import product_of, worst_paths
from observe.target import Target

BACKWARD_SHARE = 0.002


def random_calls(services: int, calls: int, rng: np.random.Generator) -> nx.DiGraph[str]:
    """Services call later ones, mostly near; a few calls go back."""
    paths = [target_of(i).path for i in range(services)]
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(paths)
    while graph.number_of_edges() < calls:
        a, b = sorted(rng.choice(services, 2, replace=False))
        a, b = (b, a) if rng.random() < BACKWARD_SHARE else (a, b)
        share = float(rng.lognormal(0.0, 1.0))
        graph.add_edge(paths[a], paths[b], per_request=share, rest_ms=float(rng.gamma(2.0, 20.0)))
    return graph


def target_of(number: int) -> Target:
    """The target of a service by its number."""
    host = f"service-{number:04d}.mesh.svc.cluster.local"
    return Target(cluster="east", namespace="mesh", service=host)


def retries_of(services: int, rng: np.random.Generator) -> list[RetryRecommendation]:
    """Two attempts each; half of them cure something."""
    return [_retry(target_of(i), rng) for i in range(services)]


def pools_of(services: int, rng: np.random.Generator) -> list[PoolRecommendation]:
    """A pool each, with little room for more."""
    return [_pool(target_of(i), int(rng.integers(4, 400))) for i in range(services)]


def _retry(target: Target, rng: np.random.Generator) -> RetryRecommendation:
    gain = float(rng.gamma(1.0, 0.002)) if rng.random() < 0.5 else 0.0
    return RetryRecommendation.model_construct(
        id=f"retry/{target.path}",
        target=target,
        current=None,
        proposed={"attempts": 2, "perTryTimeout": "200ms", "retryOn": "connect-failure"},
        severity="info",
        reasons=(),
        message="",
        predicted_interval={},
        backtest=None,
        evidence=RetryEvidence.model_construct(
            requests=float(rng.lognormal(12.0, 2.0)), repeat_fraction=0.2, classes=()
        ),
        predicted=RetryPredicted(
            success_before=0.99,
            success_after=min(1.0, 0.99 + gain),
            added_load=gain,
            added_load_worst_hour=min(0.1, 3 * gain),
        ),
    )


def _pool(target: Target, concurrency: int) -> PoolRecommendation:
    return PoolRecommendation.model_construct(
        id=f"connectionPool/{target.path}",
        target=target,
        proposed={"http2MaxRequests": concurrency + 1},
        reasons=(),
        message="",
        evidence=PoolEvidence.model_construct(
            protocol="unknown", concurrency_client=float(concurrency), concurrency_server=None
        ),
        predicted=PoolPredicted.model_construct(),
    )


def run(services: int, calls: int, seed: int) -> None:
    """One mesh: times, changes and invariants on stdout."""
    rng = np.random.default_rng(seed)
    graph = random_calls(services, calls, rng)
    wanted = {path: float(rng.lognormal(5.5, 1.0)) for path in graph}
    retries, pools = retries_of(services, rng), pools_of(services, rng)
    clock = [time.perf_counter()]
    agreed, raised = agree_on_timeouts(wanted, {}, graph)
    clock.append(time.perf_counter())
    plan = plan_retries(retries, [], graph, None, RetryPolicy(), agreed)
    clock.append(time.perf_counter())
    _, widened = agree_on_pools(pools, [], load_factors(plan.retries, graph))
    clock.append(time.perf_counter())
    steps = np.diff(clock)
    print(f"mesh {seed}: {services:,} services, {graph.number_of_edges():,} calls")
    print(
        f"  seconds: timeouts {steps[0]:.2f}, retries {steps[1]:.2f}, pools {steps[2]:.2f}, ",
        end="",
    )
    print(f"together {sum(steps):.2f}")
    changes = Counter(change.reason for change in (*raised, *plan.changes, *widened))
    print("  changes: " + ", ".join(f"{code} {n}" for code, n in changes.most_common()))
    print(f"  callers that do not outlast a callee: {_outlasted(graph, agreed)}")
    print(
        f"  paths beyond {RetryPolicy().most_tries_per_path} tries: {_beyond(graph, plan.retries)}"
    )


def _outlasted(graph: nx.DiGraph[str], timeouts: dict[str, float]) -> int:
    return sum(timeouts[caller] < timeouts[callee] for caller, callee in graph.edges)


def _beyond(graph: nx.DiGraph[str], retries: list[RetryRecommendation]) -> int:
    calls = calls_made(graph, RARE_CALL)
    tries = {retry.target.path: 1.0 + retry.proposed["attempts"] for retry in retries}
    paths = worst_paths(calls, tries)
    most = RetryPolicy().most_tries_per_path
    return sum(product_of(paths.through(path), tries) > most for path in calls)


def main() -> None:
    """Parse and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=1_000)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--meshes", type=int, default=3)
    options = parser.parse_args()
    for seed in range(options.meshes):
        run(options.services, options.calls, 20_000 + seed)


if __name__ == "__main__":
    main()
