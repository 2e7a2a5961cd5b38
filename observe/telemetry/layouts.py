"""Histograms whose buckets are others than those of the rest."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

#: Lower and upper bound in milliseconds.
Bucket = tuple[float, float]
_NAMED = 3


def layout_warnings(labels: pd.DataFrame) -> list[str]:
    """A line about services with other buckets than most; none when all are alike.

    Where distributions of several layouts are put together, only the bounds that all of them share
    can be used: a single proxy with odd buckets makes the result for its service coarser.

    Args:
        labels: labels of the buckets that hold requests, with `gt`, `le` and
            `destination_service`.
    """
    if labels.empty:
        return []
    owners: dict[Bucket, set[str]] = defaultdict(set)
    different = labels[["gt", "le", "destination_service"]].drop_duplicates()
    for gt, le, service in different.itertuples(index=False):
        owners[float(gt), float(le)].add(str(service))
    rarer = [
        owners[bucket]
        for bucket in owners
        for other in owners
        if _clash(bucket, other) and len(owners[bucket]) <= len(owners[other])
    ]
    odd = sorted(set().union(*rarer))
    if not odd:
        return []
    more = f" and {len(odd) - _NAMED} more" if len(odd) > _NAMED else ""
    return [
        f"latency buckets differ between proxies: look at {', '.join(odd[:_NAMED])}{more}. Only "
        "bounds that all clients of a service share are used for it: give every proxy the same "
        "(annotation sidecar.istio.io/statsHistogramBuckets)"
    ]


def _clash(one: Bucket, other: Bucket) -> bool:
    """Whether two buckets overlap without being the same."""
    return one != other and max(one[0], other[0]) < min(one[1], other[1])
