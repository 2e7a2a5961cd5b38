"""What a server was found to hold: plain values, so that judging them needs no server."""

from __future__ import annotations

from dataclasses import dataclass, field

from observe.doctor.tier_facts import TierFacts

#: Upper bounds of Envoy's default histogram buckets in milliseconds, without +Inf.
ENVOY_BUCKETS = (
    *(0.5, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0),
    *(30000.0, 60000.0, 300000.0, 600000.0, 1800000.0, 3600000.0),
)


@dataclass(frozen=True)
class Coverage:
    """How completely the proxies of one namespace were scraped.

    Attributes:
        cluster: name of the cluster, "" when series carry none.
        namespace: namespace of the workloads that report.
        share: samples present / expected, 0-1.
    """

    cluster: str
    namespace: str
    share: float


@dataclass(frozen=True)
class Facts:
    """Findings about one server. None means: could not be found out.

    Attributes:
        url: address without credentials.
        server: name and version.
        window_seconds: how far back it was looked.
        skew_seconds: the server's clock minus ours.
        remote_read: whether raw samples can be read as chunks.
        names: metrics that exist in the window, as far as they concern us.
        kind: "raw" or "recorded", "" when neither can be read.
        refusal: why nothing can be read, with a hint; empty otherwise.
        reporters: reporters that were seen.
        interval_seconds: distance of the samples.
        history_seconds: age of the oldest sample that was found; looked for in a few places.
        begin_seconds: age of the first sample, where there are none of a week ago.
        fresh_seconds: age of the newest sample.
        series: metric → number of series at one moment.
        labels: labels of the requests' series.
        copies: labels that tell apart series which were recorded twice.
        buckets: upper bounds of the latency buckets (inf included), sorted.
        uneven_buckets: client workloads whose buckets are fewer than all that exist.
        coverage: by cluster and namespace.
        container_labels: labels of cAdvisor's series.
        cluster_stats: Envoy's statistics of application clusters that exist.
        tiers: what recorded series tell of the tiers; None where nothing is recorded.
        kept_away: what was not answered → why.
    """

    url: str
    server: str
    window_seconds: float
    skew_seconds: float | None = None
    remote_read: bool | None = None
    names: frozenset[str] = frozenset()
    kind: str = ""
    refusal: tuple[str, str] = ("", "")
    reporters: tuple[str, ...] = ()
    interval_seconds: float | None = None
    history_seconds: float | None = None
    begin_seconds: float | None = None
    fresh_seconds: float | None = None
    series: dict[str, int] = field(default_factory=dict)
    labels: frozenset[str] | None = None
    copies: tuple[str, ...] = ()
    buckets: tuple[float, ...] | None = None
    uneven_buckets: int | None = None
    coverage: tuple[Coverage, ...] | None = None
    container_labels: frozenset[str] | None = None
    cluster_stats: frozenset[str] | None = None
    tiers: TierFacts | None = None
    kept_away: dict[str, str] = field(default_factory=dict)
