"""What was found out about an external tier and the edge tiers that feed it: plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Beat:
    """What the heartbeat of one cluster tells, over the last hour unless said otherwise.

    Attributes:
        cluster: name of the cluster, "" when the series carries none.
        age_seconds: since the newest evaluation of the last day.
        interval_seconds: distance of evaluations; None when fewer than two arrived.
        arrived: evaluations.
        expected: how many there should have been since the first of them.
        irregular: share of distances that are no multiple of the interval.
        late_seconds: largest difference between a sample's time and its evaluation.
        copies: series of the same cluster.
        copy_labels: labels that tell the copies apart.
    """

    cluster: str
    age_seconds: float
    interval_seconds: float | None = None
    arrived: int = 0
    expected: int = 0
    irregular: float = 0.0
    late_seconds: float = 0.0
    copies: int = 1
    copy_labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alignment:
    """Buckets against counts of one evaluation, at one moment.

    Attributes:
        counts: answers a second by the counts.
        buckets: the same by the buckets that end at +Inf.
        apart: series of which bucket and count have different times.
    """

    counts: float
    buckets: float
    apart: int


@dataclass(frozen=True)
class Comparison:
    """One edge tier against what the external tier has of it.

    Attributes:
        url: address of the edge tier without credentials.
        refusal: why nothing could be compared, with a hint; empty otherwise.
        external_labels: labels that series leave the edge tier with, as `name="value"`.
        missing: recorded series of the edge tier that the external one lacks.
        lost: labels of the edge tier's requests that the external one's lack.
        edge_rate: requests a second at the newest evaluation that arrived; None when the edge
            tier has nothing of it.
        external_rate: the same in the external tier; None when no evaluation arrived.
    """

    url: str
    refusal: tuple[str, str] = ("", "")
    external_labels: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    edge_rate: float | None = None
    external_rate: float | None = None


@dataclass(frozen=True)
class TierFacts:
    """What only recorded series tell.

    Attributes:
        beats: by cluster.
        alignment: buckets and counts; None when there are none.
        levels: levels of recorded names that exist, sorted.
        down: edge tiers that do not answer requests to /federate, as `job at address`.
        comparisons: edge tiers that were named.
    """

    beats: tuple[Beat, ...] = ()
    alignment: Alignment | None = None
    levels: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
