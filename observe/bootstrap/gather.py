"""What a stack renders, gathered from the packages that make it: rules, alerts, sizes."""

from __future__ import annotations

from collections.abc import Mapping

from observe.bootstrap.alerts import edge_alerts, external_alerts
from observe.bootstrap.rules import edge_rules, external_rules
from observe.bootstrap.sizing import MeshCounts, Sizing, estimate, resources
from observe.bootstrap.stack import Stack
from observe.bootstrap.tiers import Tier, Tiers

#: Sized for when nobody counted.
TYPICAL = MeshCounts.typical(services=100, pods=300)


def size_of(stack: Stack, counts: Mapping[str, MeshCounts] | None = None) -> Sizing:
    """Sizes of both tiers.

    Args:
        stack: what is wanted.
        counts: cluster → what it holds; a cluster that nobody counted is :data:`TYPICAL`.
    """
    counted = counts or {}
    return estimate({c.name: counted.get(c.name, TYPICAL) for c in stack.clusters}, stack)


def tiers_of(stack: Stack, size: Sizing) -> Tiers:
    """Both tiers of a stack.

    Args:
        stack: what is wanted.
        size: from :func:`size_of`.
    """
    return Tiers(
        edge=Tier({**edge_rules(stack), **edge_alerts(stack)}, resources(size.edge)),
        external=Tier(
            {**external_rules(stack), **external_alerts(stack)}, resources(size.external)
        ),
    )
