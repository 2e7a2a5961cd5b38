"""What every kind of recommendation is made for: the targets, and how well they were scraped."""

from __future__ import annotations

from observe.signals.targets import edges_with_target, target_of
from observe.target import Target
from observe.telemetry.snapshot import Snapshot

#: Protocols of `istio_requests_total` that timeouts, retries and breakers act on.
REQUEST_PROTOCOLS = ("http", "grpc", "")


def request_targets(snapshot: Snapshot) -> list[Target]:
    """All hosts that requests were sent to, as the clients of each cluster see them.

    Each ends as a recommendation or as withheld with a reason, for every kind. Hosts that the
    mesh does not know are among them.

    Returns:
        One target a path, sorted by cluster, namespace and service.
    """
    columns = ["cluster", "destination_service_namespace", "destination_service"]
    edges = snapshot.edges[snapshot.edges["protocol"].isin(REQUEST_PROTOCOLS)]
    kinds = edges[columns].drop_duplicates().sort_values(columns)
    targets = [target_of(*names) for names in kinds.itertuples(index=False)]
    return list({target.path: target for target in targets}.values())


def coverage_by_target(snapshot: Snapshot) -> dict[str, float]:
    """Share of the expected scrapes that were there (0-1), by path of the target.

    A target without any row of coverage is absent: nothing is known of it.
    """
    edges = edges_with_target(snapshot.edges)
    rows = snapshot.coverage.merge(edges.loc[edges["speaks"], ["edge", "target"]], on="edge")
    totals = rows.groupby("target")[["samples", "expected"]].sum()
    share = (totals["samples"] / totals["expected"]).clip(upper=1.0)
    return {str(path): float(value) for path, value in share.items()}
