from __future__ import annotations

from typing import Any

import pytest
from stacks import objects, two_clusters

from observe.bootstrap.config.check import check_tree
from observe.bootstrap.gather import TYPICAL, size_of, tiers_of
from observe.bootstrap.kubernetes import render_kubernetes
from observe.bootstrap.operator import render_operator
from observe.bootstrap.sizing import MeshCounts
from observe.bootstrap.stack import EdgeTier, ExternalTier


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("render", [render_kubernetes, render_operator])
def test_everything_of_a_real_stack_is_accepted_by_promtool(replicas: int, render: Any) -> None:
    stack = two_clusters(edge=EdgeTier(replicas=replicas, sizes=True))
    files = render(stack, tiers_of(stack, size_of(stack)))
    assert check_tree(files) == []


@pytest.mark.parametrize("transport", ["federate", "remote-write"])
def test_the_rules_of_both_tiers_have_names_of_their_own(transport: Any) -> None:
    external = ExternalTier(transport=transport, write_url="https://x.example.org/api/v1/write")
    stack = two_clusters(external=external)
    tiers = tiers_of(stack, size_of(stack))
    assert "recording.yaml" in tiers.edge.rules
    assert any(name.startswith("alerts") for name in tiers.edge.rules)
    assert any(name.startswith("alerts") for name in tiers.external.rules)
    found = [o["metadata"]["name"] for o in objects(render_operator(stack, tiers))]
    assert "observe-edge-recording" in found


def test_a_cluster_that_nobody_counted_is_taken_for_a_typical_one() -> None:
    stack = two_clusters()
    large = MeshCounts.typical(services=1000, pods=3000)
    assert size_of(stack).edge == size_of(stack, {"west": TYPICAL}).edge
    assert size_of(stack, {"west": large}).edge == size_of(stack, {"east": large}).edge
    assert size_of(stack, {"west": large}).edge.series > 5 * size_of(stack).edge.series
