"""istiod's series, and those of the Prometheus that scrapes it."""

from __future__ import annotations

from observe.demo.extra_shapes import Courses, Labels

_ISTIOD = "istiod-6d7f9c8b5-xk2lp"
_CONVERGED = (
    *(("0.1", 0.62), ("0.5", 0.97), ("1", 0.993), ("3", 0.998), ("5", 0.999)),
    *(("10", 1.0), ("20", 1.0), ("30", 1.0), ("+Inf", 1.0)),
)
_PUSHED = (
    *(("0.01", 0.7), ("0.1", 0.97), ("0.5", 0.995), ("1", 0.999), ("3", 1.0), ("5", 1.0)),
    *(("10", 1.0), ("20", 1.0), ("30", 1.0), ("+Inf", 1.0)),
)
_SIZES = (
    *(("1", 0.0), ("10000", 0.35), ("1e+06", 0.98), ("4e+06", 1.0), ("1e+07", 1.0)),
    *(("4e+07", 1.0), ("+Inf", 1.0)),
)
_INIT = (*(("0.01", 0.6), ("0.1", 0.98), ("0.5", 1.0), ("1", 1.0)), ("+Inf", 1.0))
_YEARS = 365 * 86_400.0
_COUNTERS = {
    "pilot_xds_expired_nonce": ({"type": "eds"}, 0.0005),
    "pilot_total_xds_internal_errors": ({}, 0.0),
    "pilot_xds_write_timeout": ({}, 0.0),
    "pilot_total_rejected_configs": ({}, 0.0),
    "galley_validation_passed": ({}, 0.01),
    "galley_validation_failed": ({"reason": "invalid_resource"}, 0.0002),
    "sidecar_injection_requests_total": ({}, 0.006),
    "sidecar_injection_success_total": ({}, 0.006),
    "sidecar_injection_failure_total": ({}, 0.0),
    "sidecar_injection_skip_total": ({}, 0.0005),
    "citadel_server_csr_count": ({}, 0.02),
    "citadel_server_success_cert_issuance_count": ({}, 0.02),
    "citadel_server_authentication_failure_count": ({}, 0.0),
    "pilot_inbound_updates": ({"type": "eds"}, 0.1),
}
_STATES = {
    "pilot_services": 24,
    "pilot_virt_services": 6,
    "pilot_vservice_dup_domain": 0,
    "pilot_destrule_subsets": 0,
    "pilot_duplicate_envoy_clusters": 0,
    "pilot_conflict_inbound_listener": 0,
    "pilot_no_ip": 0,
    "pilot_eds_no_instances": 1,
    "pilot_endpoint_not_ready": 1,
}


def control_plane(courses: Courses, cluster: str) -> None:
    """One istiod of a cluster, and the cluster's own Prometheus."""
    pod = {
        "cluster": cluster,
        "job": "istiod",
        "instance": "10.8.0.4:15014",
        "namespace": "istio-system",
        "pod": _ISTIOD,
        "app": "istiod",
    }
    _pushes(courses, pod)
    for metric, (more, rate) in _COUNTERS.items():
        courses.counter(metric, pod | more, rate)
    for metric, level in _STATES.items():
        courses.whole(metric, pod, level, 0.0)
    _process(courses, pod)
    builds = {"pilot": 1, "proxy": 1}
    for component in builds:
        named = pod | {"component": component, "tag": "1.27.3"}
        if component == "proxy":
            named = named | {"job": "istio-sidecars", "instance": "10.8.1.9:15020", "app": "cart"}
        courses.whole("istio_build", named, 1, 0.0)
    _prometheus(courses, cluster)


def _pushes(courses: Courses, pod: Labels) -> None:
    for kind, rate in (("eds", 0.9), ("cds", 0.05), ("lds", 0.05), ("rds", 0.06)):
        typed = pod | {"type": kind}
        courses.counter("pilot_xds_pushes", typed, rate)
        courses.histogram("pilot_xds_push_time", typed, rate, _PUSHED, 0.02)
        courses.histogram("pilot_xds_config_size_bytes", typed, rate, _SIZES, 60_000)
    courses.counter("pilot_total_xds_rejects", pod | {"type": "lds"}, 0.0)
    for kind, rate in (("endpoint", 0.2), ("config", 0.02), ("proxy", 0.03)):
        courses.counter("pilot_push_triggers", pod | {"type": kind}, rate)
    for kind, rate in (("Pods", 0.3), ("EndpointSlice", 0.2)):
        courses.counter("pilot_k8s_reg_events", pod | {"type": kind, "event": "update"}, rate)
    named = {"type": "VirtualService", "event": "update"}
    courses.counter("pilot_k8s_cfg_events", pod | named, 0.01)
    for metric in ("pilot_proxy_convergence_time", "pilot_proxy_queue_time", "pilot_debounce_time"):
        courses.histogram(metric, pod, 1.0, _CONVERGED, 0.15)
    courses.histogram("pilot_xds_send_time", pod, 1.0, _PUSHED, 0.01)
    courses.histogram("pilot_pushcontext_init_seconds", pod, 0.05, _INIT, 0.02)
    courses.histogram("sidecar_injection_time_seconds", pod, 0.006, _INIT, 0.02)
    courses.whole("pilot_xds", pod | {"version": "1.27.3"}, 58, 0.05)
    proxy = pod | {"job": "istio-sidecars", "cluster_name": "xds-grpc", "app": "cart"}
    courses.whole("envoy_cluster_upstream_cx_active", proxy, 58, 0.05)
    end = float(courses.seconds[-1])
    for kind, years in (("root_cert", 9.0), ("cert_chain", 0.6)):
        name = f"citadel_server_{kind}_expiry_timestamp"
        courses.gauge(name, pod, end + years * _YEARS, 0.0)
    courses.gauge("istiod_uptime_seconds", pod, 3 * 86_400.0, 0.0)


def _process(courses: Courses, pod: Labels) -> None:
    mebibyte = 2.0**20
    levels = {"heap_inuse": 70, "heap_alloc": 62, "stack_inuse": 5}
    for name, level in levels.items():
        courses.gauge(f"go_memstats_{name}_bytes", pod, level * mebibyte)
    courses.gauge("process_resident_memory_bytes", pod, 140 * mebibyte)
    courses.gauge("process_virtual_memory_bytes", pod, 800 * mebibyte)
    courses.whole("process_open_fds", pod, 90)
    courses.whole("go_goroutines", pod, 640)
    courses.counter("process_cpu_seconds_total", pod, 0.05)
    courses.counter("go_memstats_alloc_bytes_total", pod, 6e6)
    courses.counter("go_memstats_mallocs_total", pod, 40_000)
    discovery = {**pod, "job": "kubelet-cadvisor", "container": "discovery", "image": "pilot"}
    courses.gauge("container_memory_working_set_bytes", discovery, 150 * mebibyte)
    courses.counter("container_cpu_usage_seconds_total", discovery, 0.06)


def _prometheus(courses: Courses, cluster: str) -> None:
    own = {"cluster": cluster, "job": "prometheus", "instance": "127.0.0.1:9090"}
    courses.whole("up", own, 1, 0.0)
    courses.whole("prometheus_tsdb_head_series", own, 21_000)
    courses.counter("prometheus_tsdb_head_samples_appended_total", own, 1_400)
    courses.gauge("process_resident_memory_bytes", own, 260 * 2.0**20)
    group = own | {"rule_group": "/etc/rules/recording.yaml;observe.rates"}
    courses.gauge("prometheus_rule_group_last_duration_seconds", group, 0.4)
    courses.gauge("prometheus_rule_group_interval_seconds", group, 60, 0.0)
    for metric in (
        "prometheus_rule_evaluation_failures_total",
        "prometheus_rule_group_iterations_missed_total",
    ):
        courses.counter(metric, group, 0.0)
    courses.counter("prometheus_notifications_dropped_total", own, 0.0)
    remote = own | {"remote_name": "external", "url": "https://external.example.com/api/v1/write"}
    courses.counter("prometheus_remote_storage_samples_failed_total", remote, 0.0)
    jobs = (("istio-sidecars", 46, 900), ("istiod", 1, 2_000), ("kubelet-cadvisor", 3, 1_500))
    for job, targets, samples in jobs:
        for number in range(targets if targets < 4 else 4):
            target = {"cluster": cluster, "job": job, "instance": f"10.9.{number}.1:15020"}
            courses.whole("up", target, 1, 0.0)
            courses.gauge("scrape_duration_seconds", target, 0.05)
            courses.whole("scrape_samples_scraped", target, samples)
            courses.whole("scrape_samples_post_metric_relabeling", target, samples * 0.4)
            courses.whole("scrape_series_added", target, 3)
