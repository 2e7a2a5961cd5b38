"""Whether a target's failures are its own, or passed on from the services that it calls."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from observe.recommend.retry_model import FailureClass, RetryRecommendation


def own_share(
    path: str, by_path: Mapping[str, RetryRecommendation], calls: nx.DiGraph[str]
) -> float:
    """Share (0-1) of a target's curable failures that did not come up from its callees.

    A failure with a response flag happened between the client and the target itself. One without
    (a gRPC status UNAVAILABLE, most often) may be a callee's that was passed on; as many of these
    are taken to be so as the callees that are retried themselves had failures for this caller.
    1.0 where there are no classes to tell.
    """
    retry = by_path[path]
    curable = [c for c in retry.evidence.classes if c.cure == "curable"]
    total = sum(c.requests for c in curable)
    if total <= 0:
        return 1.0
    here = sum(c.requests for c in curable if _flagged(c))
    passed_on: float = sum(
        _curable(by_path[callee]) * retry.evidence.requests * data.get("per_request", 1.0)
        for _, callee, data in calls.out_edges(path, data=True)
        if callee in by_path and (by_path[callee].proposed.get("attempts") or 0) > 0
    )
    return (here + max(0.0, total - here - passed_on)) / total


def _flagged(failures: FailureClass) -> bool:
    return failures.flags not in ("", "-")


def _curable(retry: RetryRecommendation) -> float:
    """Curable failures of each request of a target, by the same classes."""
    found = sum(c.requests for c in retry.evidence.classes if c.cure == "curable")
    return found / retry.evidence.requests if retry.evidence.requests > 0 else 0.0
