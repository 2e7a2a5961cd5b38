"""Judge the facts about a server: what is fit, what is doubtful, what is missing, and the fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from observe.doctor import history, mesh, others, tiers
from observe.doctor.facts import Facts
from observe.doctor.model import Check, Diagnosis

#: In the order in which a person would look.
CHECKS: tuple[Callable[[Facts], Iterator[Check]], ...] = (
    history.server,
    history.clock,
    history.remote_read,
    mesh.flavour,
    mesh.reporters,
    mesh.ambient,
    mesh.metrics,
    mesh.labels,
    mesh.renamed_labels,
    mesh.summed_counters,
    mesh.single_proxies,
    mesh.copies,
    mesh.buckets,
    history.interval,
    history.retention,
    history.freshness,
    history.coverage,
    tiers.heartbeats,
    tiers.copies_of_tiers,
    tiers.timestamps,
    tiers.alignment,
    tiers.answering,
    tiers.comparisons,
    others.cardinality,
    others.cluster_stats,
    others.containers,
    others.kubernetes,
    others.istiod,
)


def diagnose(facts: Facts) -> Diagnosis:
    """All checks that apply to a server."""
    checks = tuple(check for judge in CHECKS for check in judge(facts))
    return Diagnosis(
        url=facts.url, server=facts.server, checks=checks, kept_away=dict(facts.kept_away)
    )


def unreachable(url: str, message: str, hint: str) -> Diagnosis:
    """The diagnosis of a server that answers no query."""
    check = Check(name="server", status="FAIL", found=message, fix=hint)
    return Diagnosis(url=url, server="", checks=(check,), reachable=False)
