"""How many series a mesh makes in each tier; pure arithmetic over what is kept and recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from observe.bootstrap.alerts import external_alerts
from observe.bootstrap.config.federation import HEALTH, recorded_rules
from observe.bootstrap.rules import external_rules
from observe.bootstrap.sizing.counts import BUCKETS, MeshCounts
from observe.bootstrap.stack import Stack
from observe.telemetry.catalogue import CONTAINER_LABELS

#: Series that each target brings by itself: up, scrape_duration_seconds and three more.
TARGET_SERIES = 5
_HISTOGRAM = BUCKETS + 2
#: Kept of each proxy whatever it does: build, server, listeners, the agent's certificates.
_PROXY_SERIES = 13
#: Statistics of one upstream cluster of one proxy, of those that are kept.
_ENVOY_CLUSTER_SERIES = 33
_ZTUNNEL_SERIES = 60
_ISTIOD_SERIES = 900
#: Of cAdvisor, by container and by pod.
_CONTAINER_SERIES, _POD_NETWORK_SERIES, _NODE_SERIES = 15, 2, 2
#: Of kube-state-metrics, by container, by pod and by workload's container.
_KUBE_CONTAINER_SERIES, _KUBE_POD_SERIES, _KUBE_WORKLOAD_SERIES = 8, 12, 6
#: Of recorded series: kinds of configuration and events, buckets of istiod's histograms, scrape
#: jobs, metrics that are counted.
_TYPES, _CONTROL_BUCKETS, _JOBS, _COUNTED_METRICS = 7, 9, 8, 50
#: A Prometheus about itself, of what is kept.
OWN_SERIES = 420


@dataclass(frozen=True)
class SeriesCounts:
    """Series by the way they come.

    Attributes:
        scraped: of targets, those that scraping itself makes among them.
        recorded: by recording rules.
        own: of the server about itself.
    """

    scraped: int
    recorded: int
    own: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.scraped + self.recorded + self.own


def edge_series(counts: MeshCounts, stack: Stack) -> SeriesCounts:
    """Series of the tier beside the proxies."""
    targets = counts.proxies + counts.ztunnels + counts.istiods + counts.nodes + 2
    sizes = 2 * _HISTOGRAM if stack.edge.sizes or stack.edge.keep == "all" else 4
    scraped = (
        counts.request_sets * (1 + _HISTOGRAM + sizes)
        + counts.grpc_sets * 2
        + counts.tcp_sets * 4
        + counts.proxies * (_PROXY_SERIES + counts.envoy_clusters * _ENVOY_CLUSTER_SERIES)
        + counts.ztunnels * _ZTUNNEL_SERIES
        + counts.istiods * _ISTIOD_SERIES
        + counts.containers * (_CONTAINER_SERIES + _KUBE_CONTAINER_SERIES)
        + counts.pods * (_POD_NETWORK_SERIES + _KUBE_POD_SERIES)
        + counts.nodes * _NODE_SERIES
        + counts.workload_containers * _KUBE_WORKLOAD_SERIES
        + targets * TARGET_SERIES
    )
    return SeriesCounts(scraped, recorded_series(counts, stack), OWN_SERIES)


def recorded_series(counts: MeshCounts, stack: Stack) -> int:
    """Series that the rules of one edge tier record: those that leave it."""
    return sum(_label_sets(name, expr, counts) for name, expr in recorded_rules(stack))


def judged_series(counts: MeshCounts, stack: Stack) -> int:
    """Series that the external tier's own rules record of one cluster: objectives by service."""
    outcomes = counts.request_groups / counts.edges if counts.edges else 1.0
    expressions = [
        str(rule["expr"])
        for document in (external_rules(stack) | external_alerts(stack)).values()
        for group in document["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]
    by_outcome = sum("response_code" in expression.split(")")[0] for expression in expressions)
    others = len(expressions) - by_outcome
    return round(counts.services * (others + by_outcome * outcomes))


def federated_health(stack: Stack) -> int:
    """Series about one edge tier that the external tier keeps."""
    return (len(HEALTH) + 1) * stack.edge.replicas


def _label_sets(name: str, expression: str, counts: MeshCounts) -> int:
    """Series of one rule, by the labels that it sums by and the metric that it reads."""
    found = re.search(r"\bby \(([^)]*)\)", expression)
    by = set(found[1].replace(" ", "").split(",")) if found else set()
    buckets = BUCKETS if "le" in by else 1
    workloads = -(-counts.workload_containers // 2)
    if "reporter" in by:
        return _edge_sets(name, by, counts) * buckets
    if "cluster_name" in by:
        return counts.envoy_clusters * workloads
    if set(CONTAINER_LABELS) <= by:
        return counts.workload_containers * (2 if "resource" in by else 1)
    if name.startswith("controlplane:"):
        times = counts.istiods if "pod" in by else min(counts.istiods, 1)
        return times * (_TYPES if "type" in by else 1) * (_CONTROL_BUCKETS if "le" in by else 1)
    if name.startswith("ztunnel:"):
        return counts.ztunnels
    if by & {"deployment", "statefulset", "horizontalpodautoscaler"}:
        return workloads
    if "metric" in by:
        return _COUNTED_METRICS
    return _JOBS if "job" in by else 1


def _edge_sets(name: str, by: set[str], counts: MeshCounts) -> int:
    """Label sets of what is recorded of requests and connections."""
    if "_tcp_" in name:
        return 0 if "failed" in name else counts.tcp_edges
    if "messages" in name:
        return counts.grpc_edges
    return counts.request_groups if "response_code" in by else counts.edges
