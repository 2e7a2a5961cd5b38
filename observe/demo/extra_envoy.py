"""Envoy's own statistics of upstream clusters, as a mesh exposes them when it is told to.

Gateways add their Wasm filters and their containers.
"""

from __future__ import annotations

from observe.demo.extra_shapes import Courses, Labels
from observe.demo.labels import istio_labels
from observe.demo.pods import pods_of
from observe.demo.stream import Outcome
from observe.demo.truth import Edge, Truth

#: Events per request.
_COUNTERS = {
    "upstream_rq_total": 1.01,
    "upstream_rq_retry": 0.01,
    "upstream_rq_retry_success": 0.008,
    "upstream_rq_retry_limit_exceeded": 0.001,
    "upstream_rq_retry_overflow": 0.0,
    "upstream_rq_timeout": 0.0004,
    "upstream_rq_per_try_timeout": 0.0002,
    "upstream_rq_pending_overflow": 0.0002,
    "upstream_rq_active_overflow": 0.0,
    "upstream_cx_total": 0.02,
    "upstream_cx_overflow": 0.0,
    "upstream_cx_connect_fail": 0.0001,
    "upstream_cx_connect_timeout": 0.0,
    "outlier_detection_ejections_enforced_total": 0.00002,
    "outlier_detection_ejections_overflow": 0.0,
    "lb_healthy_panic": 0.0,
}
_WASM = ("active", "created")


def envoy(courses: Courses, truth: Truth) -> None:
    """Statistics of each edge at one pod of its client, and the gateways' own."""
    for edge in truth.edges:
        if edge.client.sidecar:
            _cluster(courses, edge)
            _sizes(courses, edge)
    gateways = {e.client for e in truth.edges if "gateway" in e.client.name}
    for gateway in sorted(gateways, key=lambda w: (w.cluster, w.name)):
        labels = _pod(gateway.cluster, gateway.namespace, pods_of(gateway, 0)[-1].name)
        _wasm(courses, labels)
        box = {**labels, "job": "kubelet-cadvisor", "container": "istio-proxy"}
        courses.gauge("container_memory_working_set_bytes", box, 90 * 2.0**20)
        courses.counter("container_cpu_usage_seconds_total", box, 0.03)
        courses.gauge("container_fs_usage_bytes", box, 12 * 2.0**20, 0.0)


def _pod(cluster: str, namespace: str, pod: str) -> Labels:
    return {
        **{"cluster": cluster, "namespace": namespace, "pod": pod},
        **{"job": "istio-sidecars", "instance": f"{pod}:15020"},
    }


def _cluster(courses: Courses, edge: Edge) -> None:
    client, service = edge.client, edge.service
    pod = pods_of(client, 0)[-1].name
    labels = _pod(client.cluster, client.namespace, pod)
    labels |= {"cluster_name": f"outbound|80||{service.host}"}
    rate = 0.6 * edge.peak_rps / client.replicas
    for statistic, share in _COUNTERS.items():
        courses.counter(f"envoy_cluster_{statistic}", labels, rate * share)
    replicas = service.workload.replicas
    gauges = {
        "upstream_rq_active": max(1.0, rate * 0.05),
        "upstream_rq_pending_active": 0,
        "upstream_cx_active": max(1.0, rate * 0.1),
        "membership_healthy": replicas,
        "membership_total": replicas,
        "outlier_detection_ejections_active": 0,
    }
    for statistic, level in gauges.items():
        courses.whole(f"envoy_cluster_{statistic}", labels, level, 0.0)
    for limit in ("cx", "rq", "rq_pending", "rq_retry"):
        courses.whole(f"envoy_cluster_circuit_breakers_default_{limit}_open", labels, 0, 0.0)


def _sizes(courses: Courses, edge: Edge) -> None:
    """Bytes on the wire, as the proxies at both ends count them."""
    outcome = Outcome(edge.service.code, "-", "0" if edge.service.protocol == "grpc" else "")
    for reporter, owner in (("source", edge.client), ("destination", edge.service.workload)):
        labels = istio_labels(edge, reporter, outcome, pods_of(owner, 0)[-1])
        for side, size in (("request", 800.0), ("response", 4_600.0)):
            courses.counter(f"istio_{side}_bytes_sum", labels, 0.6 * edge.peak_rps * size)
            courses.counter(f"istio_{side}_bytes_count", labels, 0.6 * edge.peak_rps)


def _wasm(courses: Courses, labels: Labels) -> None:
    for runtime in ("v8", "null"):
        for state in _WASM:
            courses.whole(f"envoy_wasm_envoy_wasm_runtime_{runtime}_{state}", labels, 2, 0.0)
    for result in ("cache_hits", "cache_misses", "cache_negative_hits", "fetch_successes"):
        courses.counter(f"envoy_wasm_remote_load_{result}", labels, 0.001)
    courses.counter("envoy_wasm_remote_load_fetch_failures", labels, 0.0)
    courses.whole("envoy_wasm_remote_load_cache_entries", labels, 1, 0.0)
