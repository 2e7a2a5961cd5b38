"""Random meshes stay inside their documented ranges."""

from __future__ import annotations

from collections import Counter

import pytest
from meshes import MONDAY

from observe.demo.exact import expectation, true_quantile
from observe.demo.random_mesh import BENCHMARK_SEEDS, KINDS, random_mesh
from observe.demo.simulate import snapshot_from_truth


def test_the_same_seed_is_the_same_mesh() -> None:
    assert random_mesh(4, 20) == random_mesh(4, 20)
    assert random_mesh(4, 20) != random_mesh(5, 20)


def test_every_service_is_called_and_rates_stay_in_range() -> None:
    truth = random_mesh(1, 80)
    assert len(truth.targets) == 80
    for edge in truth.edges:
        if not edge.client.name.startswith("svc-"):
            assert 0.0002 <= edge.peak_rps <= 40
        assert sum(c.weight for c in edge.service.latency.components) == pytest.approx(1.0)


def test_kinds_come_in_their_documented_shares() -> None:
    every = [{e.target: e.service for e in random_mesh(s, 100).edges} for s in range(6)]
    kinds = Counter(
        "stream" if s.stream else "long_poll" if s.long_poll else "incident" if s.incidents else "-"
        for mesh in every
        for s in mesh.values()
    )
    for kind in ("stream", "long_poll", "incident"):
        noise = 4 * (KINDS[kind] * (1 - KINDS[kind]) * 600) ** 0.5
        assert kinds[kind] == pytest.approx(KINDS[kind] * 600, abs=noise)


def test_most_targets_deserve_a_timeout_and_some_do_not() -> None:
    truth = random_mesh(2, 100)
    verdicts = Counter(expectation(truth, target).verdict for target in truth.targets)
    assert verdicts["recommend"] > 70
    assert verdicts["withhold"] > 5
    assert verdicts.total() == 100


def test_calls_have_no_cycle_and_callers_feel_their_callees() -> None:
    truth = random_mesh(3, 60)
    number = {f"svc-{i:03d}": i for i in range(60)}
    calls = [(e.client.name, e.service) for e in truth.edges if e.client.name in number]
    assert len(calls) > 20
    for client, service in calls:
        assert number[client] > number[service.workload.name]


def test_seeds_of_the_benchmarks_are_set_apart() -> None:
    assert BENCHMARK_SEEDS == 10_000


def test_a_hundred_services_make_a_snapshot_that_agrees_with_the_truth() -> None:
    truth = random_mesh(6, 100).starting(MONDAY)
    snapshot = snapshot_from_truth(truth, 1, MONDAY)
    index, edge = max(
        enumerate(truth.edges), key=lambda e: e[1].peak_rps * (not e[1].service.stream)
    )
    rows = snapshot.latency[
        (snapshot.latency["edge"] == 2 * index) & (snapshot.latency["code"] == "200")
    ]
    below = rows.groupby("le")["requests"].sum().cumsum() / rows["requests"].sum()
    bound = float(below.index[(below > 0.5) & (below < 0.9999)][0])
    assert true_quantile(
        type(truth)((edge,), seed=truth.seed, start_hour_of_week=truth.start_hour_of_week),
        edge.target,
        float(below[bound]),
        "all",
    ) == pytest.approx(bound, rel=0.02)
