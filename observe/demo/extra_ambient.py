"""A corner of the mesh in ambient mode: ztunnels that carry connections, a waypoint."""

from __future__ import annotations

from observe.demo.extra_shapes import Courses, Labels
from observe.demo.stream import BOUNDS

_NAMESPACE = "lounge"
_PAIRS = (("kiosk", "menu"), ("kiosk", "orders"), ("orders", "kitchen"))
_NODES = ("ztunnel-4kq7x", "ztunnel-9mz2p")


def ambient(courses: Courses, cluster: str) -> None:
    """Two ztunnels and the waypoint of the namespace `lounge`."""
    for client, server in _PAIRS:
        _connections(courses, cluster, client, server)
        _requests(courses, cluster, client, server)
    for number, pod in enumerate(_NODES):
        _ztunnel(courses, cluster, pod, number)


def _peer(side: str, workload: str, cluster: str) -> Labels:
    return {
        f"{side}_workload": workload,
        f"{side}_workload_namespace": _NAMESPACE,
        f"{side}_canonical_service": workload,
        f"{side}_cluster": cluster,
    }


def _labels(cluster: str, client: str, server: str) -> Labels:
    return {
        "cluster": cluster,
        **_peer("source", client, cluster),
        **_peer("destination", server, cluster),
        "destination_service": f"{server}.{_NAMESPACE}.svc.cluster.local",
        "destination_service_name": server,
        "destination_service_namespace": _NAMESPACE,
    }


def _connections(courses: Courses, cluster: str, client: str, server: str) -> None:
    for reporter, pod in zip(("source", "destination"), _NODES, strict=True):
        labels = _labels(cluster, client, server) | {
            **{"reporter": reporter, "request_protocol": "tcp", "response_flags": "-"},
            **{"job": "ztunnel", "instance": f"{pod}:15020", "app": "ztunnel"},
            **{"namespace": "istio-system", "pod": pod, "response_code": "0"},
            "connection_security_policy": "mutual_tls",
        }
        courses.counter("istio_tcp_connections_opened_total", labels, 2.0)
        courses.counter("istio_tcp_connections_closed_total", labels, 1.999)
        courses.counter("istio_tcp_sent_bytes_total", labels, 90_000)
        courses.counter("istio_tcp_received_bytes_total", labels, 11_000)
        if server == "kitchen":
            denied = labels | {"response_flags": "DENY"}
            courses.counter("istio_tcp_connections_failed_total", denied, 0.02)


def _requests(courses: Courses, cluster: str, client: str, server: str) -> None:
    for code, rate in (("200", 12.0), ("503", 0.02)):
        labels = _labels(cluster, client, server) | {
            **{"reporter": "waypoint", "request_protocol": "http", "response_code": code},
            **{"response_flags": "-" if code == "200" else "UH", "grpc_response_status": ""},
            **{"job": "istio-waypoints", "instance": "10.8.3.3:15020", "namespace": _NAMESPACE},
            **{"pod": "waypoint-7c5d9f6b84-q2wzr", "connection_security_policy": "mutual_tls"},
        }
        courses.counter("istio_requests_total", labels, rate)
        steps = [(f"{bound:g}", min(1.0, (bound / 60.0) ** 0.8)) for bound in BOUNDS]
        infinite = [] if steps[-1][0] in ("+Inf", "inf") else [("+Inf", 1.0)]
        named = [("+Inf", 1.0) if le == "inf" else (le, share) for le, share in steps]
        duration = "istio_request_duration_milliseconds"
        courses.histogram(duration, labels, rate, [*named, *infinite], 22.0)
        for side, size in (("request", 900.0), ("response", 5_200.0)):
            courses.counter(f"istio_{side}_bytes_sum", labels, rate * size)
            courses.counter(f"istio_{side}_bytes_count", labels, rate)


def _ztunnel(courses: Courses, cluster: str, pod: str, number: int) -> None:
    labels = {
        **{"cluster": cluster, "job": "ztunnel", "instance": f"{pod}:15020"},
        **{"namespace": "istio-system", "pod": pod, "app": "ztunnel"},
    }
    courses.counter("istio_dns_requests_total", labels, 4.0)
    courses.counter("istio_on_demand_dns_total", labels, 0.01)
    courses.counter("istio_xds_connection_terminations_total", labels, 1 / 1_800)
    for url in ("Address", "Authorization"):
        kind = f"type.googleapis.com/istio.workload.{url}"
        courses.counter("istio_xds_message_total", labels | {"url": kind}, 0.05)
    courses.whole("workload_manager_active_proxy_count", labels, 6 + number)
    courses.whole("workload_manager_pending_proxy_count", labels, 0, 0.0)
    courses.whole("istio_tcp_sockets_open", labels, 40)
    courses.whole("process_open_fds", labels, 75)
    courses.whole("istio_build", labels | {"component": "ztunnel", "tag": "1.27.3"}, 1, 0.0)
    box = {**labels, "job": "kubelet-cadvisor", "container": "istio-proxy", "image": "ztunnel"}
    courses.gauge("container_memory_working_set_bytes", box, 14 * 2.0**20)
    courses.counter("container_cpu_usage_seconds_total", box, 0.02)
