"""Which metrics of each scrape job are stored: what rules, alerts, dashboards and analysis read."""

from __future__ import annotations

ISTIO_CORE = (
    "istio_requests_total",
    "istio_request_duration_milliseconds_(bucket|sum|count)",
    "istio_(request|response)_bytes_(sum|count)",
    "istio_(request|response)_messages_total",
    "istio_tcp_(sent|received)_bytes_total",
    "istio_tcp_connections_(opened|closed|failed)_total",
    "istio_build",
)
#: Request sizes by bucket: 40 series an edge and outcome, which only a picture of sizes needs.
SIZES = ("istio_(request|response)_bytes_bucket",)

#: Statistics of Envoy; of clusters other than xds-grpc only what the mesh configuration exposes.
ENVOY_CORE = (
    "envoy_cluster_upstream_rq_(total|active|pending_active|pending_overflow|active_overflow)",
    "envoy_cluster_upstream_rq_(timeout|per_try_timeout)",
    "envoy_cluster_upstream_rq_retry(_success|_limit_exceeded|_overflow)?",
    "envoy_cluster_upstream_cx_(total|active|overflow|connect_fail|connect_timeout)",
    "envoy_cluster_membership_(healthy|total)",
    "envoy_cluster_lb_healthy_panic",
    "envoy_cluster_outlier_detection_ejections_.*",
    "envoy_cluster_circuit_breakers_default_(cx|rq|rq_pending|rq_retry)_open",
    "envoy_server_(live|uptime|concurrency|memory_allocated|memory_heap_size|days_until_.*)",
    "envoy_listener_manager_total_listeners_(active|draining|warming)",
    "envoy_wasm_.*",
)
#: What is not stored of Envoy's own connection to istiod: all but whether there is one.
XDS_DROPPED = (
    "envoy_cluster_(upstream_rq_.*|membership_.*|lb_.*|outlier_.*|circuit_.*)",
    "envoy_cluster_upstream_cx_(total|overflow|connect_.*)",
)
#: Of the agent beside the proxy: certificates and start-up.
AGENT_CORE = ("istio_agent_(cert_expiry_seconds|outgoing_latency|startup_duration_seconds)",)

PROXIES = (*ISTIO_CORE, *ENVOY_CORE, *AGENT_CORE)

PROCESS = ("process_.*", "go_(goroutines|threads|memstats_.*|info)")
ISTIOD = (
    "pilot_.*",
    "istiod_.*",
    "citadel_.*",
    "galley_.*",
    "sidecar_injection_.*",
    "istio_build",
    "controller_sync_errors_total",
    "endpoint_no_pod",
    "provider_lookup_cluster_failures",
    "remote_cluster_sync_timeouts_total",
    "webhook_patch_.*",
    "xds_cache_.*",
    *PROCESS,
)
ZTUNNEL = (
    "istio_build",
    "istio_tcp_.*",
    "istio_dns_.*",
    "istio_on_demand_dns_total",
    "istio_xds_.*",
    "workload_manager_.*",
    *PROCESS,
)
CADVISOR = (
    "container_cpu_usage_seconds_total",
    "container_cpu_cfs_(periods|throttled_periods)_total",
    "container_memory_(working_set_bytes|rss|usage_bytes)",
    "container_(oom_events_total|start_time_seconds|fs_usage_bytes)",
    "container_network_(receive|transmit)_bytes_total",
    "container_spec_(cpu_quota|cpu_period|cpu_shares|memory_limit_bytes)",
    "machine_(cpu_cores|memory_bytes)",
)
KUBE_STATE = (
    "kube_pod_container_resource_(requests|limits)",
    "kube_pod_init_container_resource_(requests|limits)",
    "kube_pod_(info|owner|labels|status_phase|status_ready|created)",
    "kube_pod_(init_)?container_(info|status_restarts_total|status_last_terminated_reason)",
    "kube_(deployment|statefulset)_(spec_replicas|replicas|status_replicas.*)",
    "kube_deployment_status_observed_generation",
    "kube_(deployment|statefulset|replicaset)_(owner|created)",
    "kube_daemonset_status_(desired_number_scheduled|number_ready)",
    "kube_replicaset_(spec_replicas|status_replicas)",
    "kube_horizontalpodautoscaler_.*",
    "kube_node_(info|status_allocatable|status_capacity)",
)
PROMETHEUS = (
    "prometheus_.*",
    "alertmanager_.*",
    *PROCESS,
)


def regex(names: tuple[str, ...]) -> str:
    """The one expression that matches any of these names."""
    return "|".join(names)
