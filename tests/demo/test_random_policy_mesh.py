"""Random meshes for policies stay inside their documented ranges and cover every archetype."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from meshes import MONDAY

from observe.demo.policy_truth import policy_truth
from observe.demo.process import streams
from observe.demo.random_policy_mesh import ARCHETYPES, random_policy_mesh
from observe.demo.simulate import snapshot_from_truth


def test_the_same_seed_is_the_same_mesh() -> None:
    assert random_policy_mesh(4, 20) == random_policy_mesh(4, 20)
    assert random_policy_mesh(4, 20) != random_policy_mesh(5, 20)


def test_shares_of_the_archetypes_are_all_there_is() -> None:
    assert sum(ARCHETYPES.values()) == pytest.approx(1.0)


def test_every_archetype_comes_up() -> None:
    meshes = [random_policy_mesh(seed, 60).starting(MONDAY) for seed in range(3)]
    verdicts = Counter(policy_truth(m, t).verdict for m in meshes for t in m.targets)
    assert set(verdicts) == {
        *("curable", "mixed", "outage", "overload", "bad_host"),
        *("poison", "after_work", "healthy", "stream"),
    }
    assert verdicts["curable"] > 30
    assert {m.envoy_stats for m in meshes} == {True, False}


def test_replicas_proxies_and_rates_stay_in_range() -> None:
    truth = random_policy_mesh(1, 80)
    for edge in truth.edges:
        assert 1 <= edge.service.workload.replicas <= 20
        assert 1 <= edge.client.replicas <= 20
        assert 0.0 <= edge.client.skew <= 1.0
        if not edge.client.name.startswith("svc-"):
            assert 0.0002 <= edge.peak_rps <= 2_000
        for process in edge.service.processes:
            assert process.bad_hosts < edge.service.workload.replicas
    assert {e.service.protocol for e in truth.edges} == {"http", "grpc"}


def test_some_services_call_one_another_in_circles() -> None:
    truth = random_policy_mesh(2, 60)
    calls: nx.DiGraph[str] = nx.DiGraph(
        (e.client.name, e.service.workload.name) for e in truth.edges
    )
    assert any(len(group) > 1 for group in nx.strongly_connected_components(calls))


def test_a_snapshot_of_it_has_every_frame() -> None:
    truth = replace(random_policy_mesh(2, 12), envoy_stats=True)
    snapshot = snapshot_from_truth(truth, 1, MONDAY, days=1)
    for frame in ("requests", "proxies", "hosts", "host_errors", "envoy", "containers"):
        assert len(getattr(snapshot, frame)) > 0, frame


def test_no_end_is_expected_less_than_never() -> None:
    hours = np.arange(168)
    for seed in (1, 2, 3):
        truth = random_policy_mesh(seed, 40)
        for edge in truth.edges:
            for stream in streams(truth, edge, hours):
                assert stream.expected.min() >= 0.0
