"""What is recorded of istiod: names as its own, level `controlplane`."""

from __future__ import annotations

from observe.bootstrap.rules.make import SPAN, WINDOW, gauge, histogram, rate, series_name
from observe.bootstrap.rules.model import Recording

LEVEL = "controlplane"
_CLUSTER = ("cluster",)
_POD = ("cluster", "namespace", "pod")

#: Counter → labels to keep beside `cluster`, and what for.
_COUNTERS: dict[str, tuple[tuple[str, ...], str]] = {
    "pilot_xds_pushes": (("type",), "configuration sent to proxies, and `*_senderr` failures"),
    "pilot_push_triggers": (("type",), "what made istiod push"),
    "pilot_inbound_updates": (("type",), "changes that reached istiod"),
    "pilot_k8s_cfg_events": (("type", "event"), "changes of Istio's objects"),
    "pilot_k8s_reg_events": (("type", "event"), "changes of services and pods"),
    "pilot_total_xds_rejects": (("type",), "configuration that proxies refused"),
    "pilot_total_xds_internal_errors": ((), "failures inside istiod"),
    "pilot_xds_write_timeout": ((), "proxies that did not take their configuration in time"),
    "pilot_xds_expired_nonce": (("type",), "answers of proxies that came too late"),
    "pilot_total_rejected_configs": ((), "objects that istiod could not use"),
    "pilot_sds_certificate_errors_total": ((), "certificates of gateways that could not be read"),
    "pilot_jwks_resolver_network_fetch_success_total": ((), "keys for JWTs fetched"),
    "pilot_jwks_resolver_network_fetch_fail_total": ((), "keys for JWTs that could not be fetched"),
    "provider_lookup_cluster_failures": ((), "extension providers that name no cluster"),
    "controller_sync_errors_total": ((), "errors of istiod's controllers"),
    "galley_validation_passed": ((), "objects that the webhook let pass"),
    "galley_validation_failed": (("reason",), "objects that the webhook refused"),
    "sidecar_injection_requests_total": ((), "pods that were to get a sidecar"),
    "sidecar_injection_success_total": ((), "pods that got one"),
    "sidecar_injection_failure_total": ((), "pods that should have and did not"),
    "sidecar_injection_skip_total": ((), "pods that were left alone"),
    "citadel_server_csr_count": ((), "certificates asked for"),
    "citadel_server_success_cert_issuance_count": ((), "certificates issued"),
    "citadel_server_authentication_failure_count": ((), "callers that could not prove themselves"),
    "citadel_server_csr_parsing_err_count": ((), "requests for certificates that made no sense"),
    "citadel_server_csr_sign_err_count": ((), "certificates that could not be signed"),
    "citadel_server_id_extraction_err_count": ((), "callers whose identity could not be read"),
}
_HISTOGRAMS: dict[str, tuple[tuple[str, ...], str]] = {
    "pilot_proxy_convergence_time": ((), "from a change until a proxy has it"),
    "pilot_proxy_queue_time": ((), "time in the queue of proxies to push to"),
    "pilot_xds_push_time": (("type",), "time to make and send one configuration"),
    "pilot_xds_send_time": ((), "time to send"),
    "pilot_debounce_time": ((), "time that changes were collected"),
    "pilot_pushcontext_init_seconds": ((), "time to compute the mesh's state anew"),
    "pilot_xds_config_size_bytes": (("type",), "size of what is sent to a proxy"),
    "sidecar_injection_time_seconds": ((), "time to inject a sidecar"),
}
#: State that each replica reports: the highest, because a sum would count it once per replica.
_STATES = {
    "pilot_services": "services known",
    "pilot_virt_services": "VirtualServices known",
    "pilot_vservice_dup_domain": "hosts with more than one VirtualService",
    "pilot_destrule_subsets": "subsets defined twice for a host",
    "pilot_duplicate_envoy_clusters": "clusters defined twice",
    "pilot_conflict_inbound_listener": "listeners in conflict, inbound",
    "pilot_conflict_outbound_listener_tcp_over_current_tcp": "listeners in conflict, outbound",
    "pilot_no_ip": "pods without an address",
    "pilot_eds_no_instances": "clusters without endpoints",
    "pilot_endpoint_not_ready": "endpoints that are not ready",
    "endpoint_no_pod": "endpoints without a pod",
    "pilot_dns_cluster_without_endpoints": "DNS clusters without endpoints",
    "pilot_k8s_endpoints_pending_pod": "endpoints whose pod istiod has not seen",
    "pilot_xds_recv_max": "largest message from a proxy",
}
#: Moments at which certificates end (Unix seconds), and seconds until then: the earliest counts.
_EXPIRY = (
    "citadel_server_root_cert_expiry_timestamp",
    "citadel_server_cert_chain_expiry_timestamp",
    "citadel_server_root_cert_expiry_seconds",
    "citadel_server_cert_chain_expiry_seconds",
)
#: Of each istiod's process; the same names come from every Go program.
_PROCESS = {
    "process_resident_memory_bytes": "memory",
    "process_virtual_memory_bytes": "virtual memory",
    "process_open_fds": "open files",
    "process_start_time_seconds": "when it started",
    "go_goroutines": "goroutines",
    "go_memstats_heap_inuse_bytes": "heap in use",
    "go_memstats_heap_alloc_bytes": "heap allocated",
    "go_memstats_stack_inuse_bytes": "stacks in use",
}
_PROCESS_COUNTERS = {
    "process_cpu_seconds_total": "CPU",
    "go_memstats_alloc_bytes_total": "bytes allocated",
    "go_memstats_mallocs_total": "allocations",
}
#: Whatever names the scrape job: where `istio_build` says pilot, there is an istiod.
_IS_ISTIOD = 'and on (instance) istio_build{component="pilot"}'


def control_plane() -> list[Recording]:
    """All of it."""
    counters = [
        rate(LEVEL, metric, (*_CLUSTER, *labels), purpose)
        for metric, (labels, purpose) in _COUNTERS.items()
    ]
    histograms = [
        recording
        for metric, (labels, purpose) in _HISTOGRAMS.items()
        for recording in histogram(LEVEL, metric, (*_CLUSTER, *labels), purpose)
    ]
    states = [gauge(LEVEL, metric, "max", _CLUSTER, why) for metric, why in _STATES.items()]
    expiry = [gauge(LEVEL, metric, "min", _CLUSTER, "end of a certificate") for metric in _EXPIRY]
    return [*counters, *histograms, *states, *expiry, *_connected(), *_processes()]


def _connected() -> list[Recording]:
    return [
        gauge(LEVEL, "pilot_xds", "sum", (*_POD, "version"), "proxies connected, by istiod"),
        gauge(
            LEVEL, "istiod_managed_clusters", "max", (*_CLUSTER, "cluster_type"), "clusters managed"
        ),
        gauge("mesh", "istio_build", "sum", (*_CLUSTER, "component", "tag"), "versions running"),
        gauge(LEVEL, "istiod_uptime_seconds", "min", _POD, "how long each istiod has been up"),
        Recording(
            "controlplane:envoy_cluster_upstream_cx_active:sum",
            'sum by (cluster) (envoy_cluster_upstream_cx_active{cluster_name="xds-grpc"})',
            "proxies that say they are connected to an istiod",
        ),
    ]


def _processes() -> list[Recording]:
    by = ", ".join(_POD)
    states = [
        Recording(
            series_name(LEVEL, metric, "max"),
            f"max by ({by}) ({metric} {_IS_ISTIOD})",
            f"istiod: {purpose}",
        )
        for metric, purpose in _PROCESS.items()
    ]
    counters = [
        Recording(
            series_name(LEVEL, metric, f"rate{WINDOW}"),
            f"sum by ({by}) (rate({metric}{SPAN}) {_IS_ISTIOD})",
            f"istiod: {purpose} per second",
        )
        for metric, purpose in _PROCESS_COUNTERS.items()
    ]
    return [*states, *counters]
