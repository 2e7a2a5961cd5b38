"""Recording rules of both tiers.

The edge tier records everything, in one group: rules of a group are evaluated at one moment, so
that counts and buckets speak of the same requests. Only the count of all series, which is costly
and belongs to nothing else, has a group and a pace of its own.
"""

from __future__ import annotations

from observe.bootstrap.rules.containers import containers
from observe.bootstrap.rules.control_plane import control_plane
from observe.bootstrap.rules.health import cardinality, heartbeat, jobs
from observe.bootstrap.rules.model import Group, Recording, RuleFile, rule_file
from observe.bootstrap.rules.proxies import envoy, more_of_requests, ztunnel
from observe.bootstrap.stack import Stack
from observe.telemetry.recorded import RECORDINGS

#: Longer than an evaluation, and short enough that the value does not go stale in between.
_CARDINALITY_SECONDS = 240


def edge_recordings(stack: Stack) -> list[Recording]:
    """All that an edge tier records in its one group, in the order of evaluation."""
    rates = [Recording(r.name, r.expression, _purpose(r.name, r.source)) for r in RECORDINGS]
    return [
        heartbeat(),
        *rates,
        *more_of_requests(stack.edge.sizes),
        *envoy(stack.edge.evaluation_seconds, stack.edge.scrape_seconds),
        *ztunnel(),
        *control_plane(),
        *containers(),
        *jobs(),
    ]


def _purpose(name: str, source: str) -> str:
    words = {"max": f"{source} of the highest pod", "count": "pods that have this container"}
    return words.get(name.rpartition(":")[2], f"{source} of all pods")


def edge_rules(stack: Stack) -> dict[str, RuleFile]:
    """File name → rules of an edge tier."""
    rates = Group("observe.rates", edge_recordings(stack), stack.edge.evaluation_seconds)
    series = Group("observe.cardinality", cardinality(), _CARDINALITY_SECONDS)
    return {"recording.yaml": rule_file([rates]), "cardinality.yaml": rule_file([series])}


def external_rules(stack: Stack) -> dict[str, RuleFile]:
    """File name → rules of the external tier: it keeps what it gets, and records nothing anew."""
    del stack
    return {}
