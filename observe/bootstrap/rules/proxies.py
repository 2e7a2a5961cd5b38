"""What is recorded of the proxies beside what the analysis reads: sizes, failures, Envoy, ztunnel.

The counters of requests, their durations, messages and bytes are `telemetry.recorded.RECORDINGS`.
"""

from __future__ import annotations

from observe.bootstrap.rules.make import SPAN, WINDOW, rate, series_name, with_workload
from observe.bootstrap.rules.model import Recording
from observe.telemetry.catalogue import EDGE_LABELS

#: Of an upstream cluster as one client workload sees it.
CLUSTER_LABELS = ("cluster", "namespace", "workload", "cluster_name")
_POD = ("cluster", "namespace", "pod")
#: Envoy's own connection to istiod has a name of this kind too, and is no service.
_SERVICES = '{cluster_name!="xds-grpc"}'

_ENVOY_COUNTERS = {
    "upstream_rq_total": "requests that Envoy sent, tries included",
    "upstream_rq_retry": "retries sent",
    "upstream_rq_retry_success": "retries that worked",
    "upstream_rq_retry_limit_exceeded": "requests that ran out of tries",
    "upstream_rq_retry_overflow": "retries that the retry budget refused",
    "upstream_rq_timeout": "requests that the route's timeout ended",
    "upstream_rq_per_try_timeout": "tries that perTryTimeout ended",
    "upstream_rq_pending_overflow": "requests refused by http1MaxPendingRequests",
    "upstream_rq_active_overflow": "requests refused by http2MaxRequests",
    "upstream_cx_total": "connections opened",
    "upstream_cx_overflow": "connections refused by maxConnections",
    "upstream_cx_connect_fail": "connections that could not be made",
    "upstream_cx_connect_timeout": "connections that took too long to make",
    "outlier_detection_ejections_enforced_total": "hosts ejected",
    "outlier_detection_ejections_enforced_consecutive_5xx": "hosts ejected for errors in a row",
    "outlier_detection_ejections_enforced_consecutive_gateway_failure": "for gateway errors",
    "outlier_detection_ejections_overflow": "ejections that maxEjectionPercent prevented",
    "lb_healthy_panic": "requests balanced over hosts that are not healthy",
}
#: Envoy's gauges: what they are, and whether the busiest proxy or all proxies together count.
_ENVOY_GAUGES = {
    "upstream_rq_active": ("requests under way", ("max", "sum")),
    "upstream_rq_pending_active": ("requests that wait for a connection", ("max",)),
    "upstream_cx_active": ("open connections", ("max", "sum")),
    "membership_healthy": ("hosts that are used", ("min",)),
    "membership_total": ("hosts", ("max",)),
    "outlier_detection_ejections_active": ("hosts that are ejected", ("max",)),
    "circuit_breakers_default_cx_open": ("whether maxConnections is reached", ("max",)),
    "circuit_breakers_default_rq_open": ("whether http2MaxRequests is reached", ("max",)),
    "circuit_breakers_default_rq_pending_open": ("whether the queue is full", ("max",)),
    "circuit_breakers_default_rq_retry_open": ("whether the retry budget is spent", ("max",)),
}
_ZTUNNEL_COUNTERS = {
    "istio_dns_requests_total": "DNS requests",
    "istio_on_demand_dns_total": "DNS lookups while a connection waited",
    "istio_xds_connection_terminations_total": "connections to istiod that ended",
}


def more_of_requests(sizes: bool) -> list[Recording]:
    """Connections that failed, and histograms of sizes when they are wanted."""
    failed = rate(
        "workload",
        "istio_tcp_connections_failed_total",
        (*EDGE_LABELS, "response_flags"),
        "connections that ztunnel refused or could not make",
    )
    if not sizes:
        return [failed]
    buckets = [
        rate(
            "workload",
            f"istio_{side}_bytes_bucket",
            (*EDGE_LABELS, "le"),
            f"sizes of {side}s",
        )
        for side in ("request", "response")
    ]
    return [failed, *buckets]


def envoy(evaluation_seconds: int, scrape_seconds: int) -> list[Recording]:
    """Envoy's statistics of upstream clusters; there are none unless the mesh exposes them."""
    counters = [_envoy_rate(name, purpose) for name, purpose in _ENVOY_COUNTERS.items()]
    # A gauge between two evaluations would be lost: the highest scrape counts.
    span = f"{max(evaluation_seconds, 2 * scrape_seconds)}s"
    gauges = [
        _envoy_gauge(name, aggregate, span, purpose)
        for name, (purpose, aggregates) in _ENVOY_GAUGES.items()
        for aggregate in aggregates
    ]
    return [*counters, *gauges]


def _envoy_rate(name: str, purpose: str) -> Recording:
    metric = f"envoy_cluster_{name}"
    labelled = with_workload(f"rate({metric}{_SERVICES}{SPAN})")
    expression = f"sum by ({', '.join(CLUSTER_LABELS)}) ({labelled})"
    return Recording(series_name("workload", metric, f"rate{WINDOW}"), expression, purpose)


def _envoy_gauge(name: str, aggregate: str, span: str, purpose: str) -> Recording:
    metric = f"envoy_cluster_{name}"
    function = "min_over_time" if aggregate == "min" else "max_over_time"
    labelled = with_workload(f"{function}({metric}{_SERVICES}[{span}])")
    expression = f"{aggregate} by ({', '.join(CLUSTER_LABELS)}) ({labelled})"
    whose = {"sum": "all proxies", "max": "the highest proxy", "min": "the lowest proxy"}
    return Recording(
        series_name("workload", metric, aggregate), expression, f"{purpose}; {whose[aggregate]}"
    )


def ztunnel() -> list[Recording]:
    """How each ztunnel fares; its connections and bytes are recorded with those of the sidecars."""
    gauges = ("workload_manager_active_proxy_count", "workload_manager_pending_proxy_count")
    counters = [rate("ztunnel", m, _POD, purpose) for m, purpose in _ZTUNNEL_COUNTERS.items()]
    messages = rate("ztunnel", "istio_xds_message_total", (*_POD, "url"), "updates from istiod")
    return [
        *counters,
        messages,
        *(
            Recording(
                series_name("ztunnel", metric, "sum"),
                f"sum by ({', '.join(_POD)}) ({metric})",
                "workloads that this ztunnel serves, or is about to",
            )
            for metric in gauges
        ),
        Recording(
            "ztunnel:istio_tcp_sockets_open:sum",
            f"sum by ({', '.join(_POD)}) (istio_tcp_sockets_open)",
            "open sockets",
        ),
    ]
