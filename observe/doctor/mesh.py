"""Checks of Istio's metrics: flavour, reporters, missing metrics and labels, copies, buckets."""

from __future__ import annotations

from collections.abc import Iterator

from observe.doctor import advice
from observe.doctor.facts import ENVOY_BUCKETS, Facts
from observe.doctor.model import Check
from observe.telemetry import catalogue
from observe.telemetry.findings import SCRAPED_LABELS, ZTUNNEL
from observe.telemetry.host_entries import PROXY_LABELS
from observe.telemetry.recorded import RECORDED_REQUESTS, recorded_name

#: Metrics of requests → what is lost without them.
_METRICS = {
    catalogue.BUCKETS: "latencies, and so timeouts",
    "istio_request_duration_milliseconds_sum": "exact means",
    "istio_request_duration_milliseconds_count": "exact means",
}
#: Labels whose absence merges what must stay apart; the three that tell the cluster may be absent.
_LABELS = tuple(
    label for label in (*catalogue.EDGE_LABELS, *catalogue.OUTCOME_LABELS) if "cluster" not in label
)
#: Present on gRPC series only, or empty.
_OPTIONAL_LABELS = frozenset({"grpc_response_status"})


def flavour(facts: Facts) -> Iterator[Check]:
    """What kind of series there are."""
    if facts.refusal[0]:
        message, hint = facts.refusal
        yield Check(name="flavour", status="FAIL", found=message, fix=hint, setting=advice.SCRAPE)
        return
    tiers = f"; recorded rates ({RECORDED_REQUESTS}) are there too"
    both = tiers if facts.kind == "raw" and RECORDED_REQUESTS in facts.names else ""
    words = {
        "raw": f"counters of the proxies ({catalogue.REQUESTS}){both}",
        "recorded": f"recorded rates of a federated tier ({RECORDED_REQUESTS})",
    }
    yield Check(name="flavour", status="OK", found=words[facts.kind])


def reporters(facts: Facts) -> Iterator[Check]:
    """Whether clients tell what they see."""
    if not facts.kind or not facts.reporters:
        return
    found = ", ".join(facts.reporters)
    if {"source", "waypoint"} & set(facts.reporters):
        yield Check(name="reporters", status="OK", found=found)
        return
    yield Check(
        name="reporters",
        status="FAIL",
        found=f"{found} only: nobody tells how long clients wait",
        fix="Inject and scrape the clients' sidecars, and the gateways",
        setting=advice.SCRAPE,
    )


def ambient(facts: Facts) -> Iterator[Check]:
    """Whether workloads in ambient mode can be seen."""
    if ZTUNNEL not in facts.names:
        return
    if "waypoint" in facts.reporters:
        yield Check(name="ambient mode", status="OK", found="ztunnel, with waypoints for requests")
        return
    yield Check(
        name="ambient mode",
        status="WARN",
        found="ztunnel reports TCP only, and no waypoint reports requests",
        fix="Give the namespaces that are to be tuned a waypoint",
        setting=advice.WAYPOINT,
    )


def metrics(facts: Facts) -> Iterator[Check]:
    """Whether the standard metrics are all there."""
    if not facts.kind:
        return
    named = (lambda m: m) if facts.kind == "raw" else recorded_name
    missing = [metric for metric in _METRICS if named(metric) not in facts.names]
    if not missing:
        yield Check(name="metrics", status="OK", found="requests and durations")
        return
    lost = ", ".join(dict.fromkeys(_METRICS[metric] for metric in missing))
    yield Check(
        name="metrics",
        status="FAIL" if catalogue.BUCKETS in missing else "WARN",
        found=f"missing: {', '.join(map(named, missing))}: no {lost}",
        fix="Does a Telemetry object disable REQUEST_DURATION, or a relabelling drop them?"
        if facts.kind == "raw"
        else "Record and federate them too",
        setting=advice.TELEMETRY if facts.kind == "raw" else "",
    )


def labels(facts: Facts) -> Iterator[Check]:
    """Whether series can be told apart as they must be."""
    if not facts.kind or facts.labels is None:
        return
    missing = [n for n in _LABELS if n not in facts.labels and n not in _OPTIONAL_LABELS]
    if not missing:
        told = {"cluster", "source_cluster", "destination_cluster"} & facts.labels
        found = "all there" if told else "all there, but none tells the cluster"
        yield Check(name="labels", status="OK", found=found)
        return
    yield Check(
        name="labels",
        status="FAIL",
        found=f"missing: {', '.join(missing)}",
        fix="Remove tagOverrides and relabellings that drop them",
        setting=advice.TELEMETRY,
    )


def renamed_labels(facts: Facts) -> Iterator[Check]:
    """Labels that a federation renamed."""
    renamed = sorted(n for n in facts.labels or () if n.startswith("exported_"))
    if renamed:
        yield Check(
            name="honor_labels",
            status="WARN",
            found=f"labels were renamed when scraped: {', '.join(renamed)}",
            fix="Set honor_labels: true in the job that federates",
            setting=advice.HONOR_LABELS,
        )


def summed_counters(facts: Facts) -> Iterator[Check]:
    """Sums of counters, which rise and fall with the number of pods."""
    if facts.kind == "raw" and facts.labels and not SCRAPED_LABELS & facts.labels:
        yield Check(
            name="federation",
            status="FAIL",
            found=f"{catalogue.REQUESTS} carries neither pod nor instance: a sum of counters, "
            "which counts far too much whenever a pod goes away",
            fix=f"Record rates beside the proxies and federate those ({RECORDED_REQUESTS})",
            setting=advice.HONOR_LABELS,
        )


def single_proxies(facts: Facts) -> Iterator[Check]:
    """Whether one proxy can be told from the next: limits and ejections hold for each of them."""
    if facts.kind == "recorded":
        yield Check(
            name="single proxies",
            status="OK",
            found="not told apart, since recorded rates are sums: how a client's proxies share its "
            "calls and which host of a service fails is read from an edge tier",
        )
        return
    label = next((name for name in PROXY_LABELS if name in (facts.labels or ())), None)
    if facts.kind and label is not None:
        yield Check(name="single proxies", status="OK", found=f"told apart ({label})")


def copies(facts: Facts) -> Iterator[Check]:
    """Series that two Prometheus replicas recorded."""
    if facts.copies:
        yield Check(
            name="copies",
            status="WARN",
            found=f"series exist more than once, told apart by {', '.join(facts.copies)}; "
            "they are averaged",
            fix="Ask an address that deduplicates (Thanos Query, Mimir)",
        )


def buckets(facts: Facts) -> Iterator[Check]:
    """Which buckets durations are counted in."""
    if not facts.kind or not facts.buckets:
        return
    finite = tuple(bound for bound in facts.buckets if bound != float("inf"))
    layout = "Envoy's default" if finite == ENVOY_BUCKETS else "custom"
    found = f"{len(finite)} bounds, {layout}, up to {finite[-1] / 1000:g} s" if finite else "none"
    if float("inf") not in facts.buckets:
        fix = "Do not drop the bucket +Inf when scraping: without it nothing can be counted"
        yield Check(name="buckets", status="FAIL", found=f"{found}; +Inf is missing", fix=fix)
    elif facts.uneven_buckets:
        yield Check(
            name="buckets",
            status="WARN",
            found=f"{found}; {facts.uneven_buckets} client workloads have fewer",
            fix="Give all proxies the same sidecar.istio.io/statsHistogramBuckets, and drop no "
            "buckets when scraping",
        )
    else:
        yield Check(name="buckets", status="OK", found=found)
