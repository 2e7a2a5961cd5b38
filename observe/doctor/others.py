"""Checks of what stands beside the requests: cost, Envoy, containers, Kubernetes, istiod."""

from __future__ import annotations

from collections.abc import Iterator

from observe.doctor import advice
from observe.doctor.facts import Facts
from observe.doctor.model import Check
from observe.telemetry import catalogue
from observe.telemetry.envoy_entries import metric_of
from observe.telemetry.recorded import MEMORY, recorded_name
from observe.telemetry.recorded_envoy import recorded_as
from observe.telemetry.templates import OLD_LABELS, ContainerLabels

#: Bucket series at one moment, beyond which most servers groan.
_MANY_SERIES = 500_000
#: Statistics of clusters by what they tell; one of each is looked for.
_CLUSTER_STATS = {
    "retries": "envoy-retries",
    "requests under way": "envoy-requests-active",
    "overflows of connection pools": "envoy-pending-overflows",
    "ejections": "envoy-ejections",
}
_REQUESTED = "kube_pod_container_resource_requests"
_NATIVE_SIDECARS = "kube_pod_init_container_resource_requests"
_RECORDED_REQUESTED = f"workload:{_REQUESTED}:max"
_CONNECTED = ("pilot_xds", "controlplane:pilot_xds:sum")


def cardinality(facts: Facts) -> Iterator[Check]:
    """How many series the latency buckets are."""
    count = facts.series.get(catalogue.BUCKETS) or facts.series.get(
        recorded_name(catalogue.BUCKETS)
    )
    if not count:
        return
    found = f"{count:,} bucket series at one moment"
    if count <= _MANY_SERIES:
        yield Check(name="cardinality", status="OK", found=found)
        return
    yield Check(
        name="cardinality",
        status="WARN",
        found=found,
        fix="Disable what nobody asks for at the source",
        setting=advice.CARDINALITY,
    )


def cluster_stats(facts: Facts) -> Iterator[Check]:
    """Envoy's own counts of retries, requests under way, overflows and ejections."""
    if facts.cluster_stats is None:
        return
    missing = [
        what
        for what, entry in _CLUSTER_STATS.items()
        if metric_of(entry) not in facts.cluster_stats and recorded_as(entry) not in facts.names
    ]
    if not missing:
        found = "retries, requests under way, overflows and ejections"
        yield Check(name="Envoy's statistics", status="OK", found=found)
        return
    yield Check(
        name="Envoy's statistics",
        status="WARN",
        found=f"missing: {', '.join(missing)} (Istio leaves them out by default)",
        fix="Include them (observe bootstrap istio); pods must be restarted. Without them advice "
        "on retries, pools and ejections rests on the requests alone; timeouts do not need them",
        setting=advice.CLUSTER_STATS,
    )


def containers(facts: Facts) -> Iterator[Check]:
    """CPU and memory of containers."""
    wanted = ("container_cpu_usage_seconds_total", catalogue.WORKING_SET)
    recorded = (recorded_name(wanted[0]), MEMORY)
    missing = [
        raw
        for raw, rate in zip(wanted, recorded, strict=True)
        if raw not in facts.names and rate not in facts.names
    ]
    if missing:
        yield Check(
            name="containers",
            status="WARN",
            found=f"missing: {', '.join(missing)}",
            fix="Scrape cAdvisor (observe bootstrap kubernetes does); only advice on resources "
            "needs it",
            setting=advice.CADVISOR,
        )
        return
    names = facts.container_labels or frozenset()
    old = OLD_LABELS.container in names and ContainerLabels().container not in names
    era = "labels from before Kubernetes 1.16 (pod_name), which are read" if old else "cAdvisor"
    yield Check(name="containers", status="OK", found=f"CPU and memory; {era}")


def kubernetes(facts: Facts) -> Iterator[Check]:
    """Requests and limits from kube-state-metrics."""
    old = [n for n in facts.names if n.startswith(f"{_REQUESTED}_")]
    if not {_REQUESTED, _RECORDED_REQUESTED} & facts.names and not old:
        yield Check(
            name="kube-state-metrics",
            status="WARN",
            found=f"missing: {_REQUESTED}",
            fix="Install it and scrape it (observe bootstrap kubernetes does); only advice on "
            "resources needs it",
            setting=advice.KUBE_STATE_METRICS,
        )
        return
    names = f"names from before 2.0 ({sorted(old)[0]})" if old else "requests and limits"
    native = ", native sidecars too" if _NATIVE_SIDECARS in facts.names else ""
    yield Check(name="kube-state-metrics", status="OK", found=names + native)


def istiod(facts: Facts) -> Iterator[Check]:
    """Metrics of the control plane."""
    if facts.names.intersection(_CONNECTED):
        yield Check(name="istiod", status="OK", found="metrics of the control plane")
        return
    yield Check(
        name="istiod",
        status="WARN",
        found="missing: pilot_xds",
        fix="Scrape istiod at port 15014, path /metrics; only advice on the control plane needs it",
    )
