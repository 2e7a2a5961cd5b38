"""Folded rows of the control plane: configuration hygiene, webhooks and certificates, processes."""

from __future__ import annotations

from observe.grafana.dashboards.board import Line, Section
from observe.grafana.dashboards.infra import CONTROL, IS_ISTIOD, counter, gauge, quantile
from observe.grafana.dashboards.panels import GREEN, RED, Query, series, states
from observe.grafana.dashboards.promql import AUTO
from observe.grafana.dashboards.variables import CLUSTER

_POD = ("pod",)
_DISCOVERY = 'container="discovery", pod=~"istiod-.*"'
_HYGIENE = (
    ("pilot_vservice_dup_domain", "hosts with two VirtualServices"),
    ("pilot_destrule_subsets", "subsets defined twice"),
    ("pilot_duplicate_envoy_clusters", "clusters defined twice"),
    ("pilot_conflict_inbound_listener", "inbound listeners in conflict"),
    ("pilot_no_ip", "pods without an address"),
    ("pilot_eds_no_instances", "clusters without endpoints"),
    ("pilot_endpoint_not_ready", "endpoints not ready"),
)


def hygiene() -> Section:
    """State that points at mistakes in Istio's objects."""
    shown = [Query(gauge(metric, "max"), f"{{{{cluster}}}} {words}") for metric, words in _HYGIENE]
    return Section(
        "Configuration hygiene",
        [
            Line(
                9,
                [
                    states(
                        "Duplicated hosts",
                        "Red: a host has more than one VirtualService; the oldest wins and the "
                        "other "
                        "is ignored silently. Merge them.",
                        "short",
                        Query(gauge("pilot_vservice_dup_domain", "max"), "{{cluster}}"),
                        steps=((None, GREEN), (1, RED)),
                    ),
                    series(
                        "Findings of istiod",
                        "What istiod noticed in objects and endpoints. Good: 0, but for "
                        "endpoints that "
                        "are not ready during a rollout.",
                        "short",
                        *shown,
                    ),
                    series(
                        "Services and VirtualServices",
                        "How much istiod has to describe to each proxy that is not narrowed by a "
                        "Sidecar. A jump is a large push to everybody.",
                        "short",
                        Query(gauge("pilot_services", "max"), "{{cluster}} services"),
                        Query(gauge("pilot_virt_services", "max"), "{{cluster}} VirtualServices"),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "Events from Kubernetes",
                        "Changes of services and pods, and of Istio's objects, per second.",
                        "ops",
                        Query(
                            counter("pilot_k8s_reg_events", ("type", "event")),
                            "{{cluster}} {{type}} {{event}}",
                        ),
                        Query(
                            counter("pilot_k8s_cfg_events", ("type", "event")),
                            "{{cluster}} {{type}} {{event}}",
                        ),
                    )
                ],
            ),
        ],
        folded=True,
    )


def webhooks() -> Section:
    """Validation, injection, certificates."""
    end = "timestamp", "time()"
    return Section(
        "Webhooks and certificates",
        [
            Line(
                8,
                [
                    series(
                        "Validation",
                        "Objects that the webhook let pass and refused, per second. Refused ones "
                        "were wrong: their author got the reason.",
                        "ops",
                        Query(counter("galley_validation_passed"), "{{cluster}} passed"),
                        Query(
                            counter("galley_validation_failed", ("reason",)),
                            "{{cluster}} refused {{reason}}",
                        ),
                    ),
                    series(
                        "Injection",
                        "Pods that got a sidecar, and that should have and did not. Good: no "
                        "failure.",
                        "ops",
                        Query(counter("sidecar_injection_success_total"), "{{cluster}} injected"),
                        Query(counter("sidecar_injection_failure_total"), "{{cluster}} failed"),
                        Query(counter("sidecar_injection_skip_total"), "{{cluster}} skipped"),
                    ),
                    series(
                        "Injection time",
                        "p99 of the time to inject. Above some seconds pods start late.",
                        "s",
                        Query(quantile(0.99, "sidecar_injection_time_seconds"), "{{cluster}} p99"),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "Certificates",
                        "Certificates asked for and issued per second. Good: the lines lie on one "
                        "another; a gap means proxies without identity.",
                        "ops",
                        Query(counter("citadel_server_csr_count"), "{{cluster}} asked"),
                        Query(
                            counter("citadel_server_success_cert_issuance_count"),
                            "{{cluster}} issued",
                        ),
                        Query(
                            counter("citadel_server_authentication_failure_count"),
                            "{{cluster}} not authenticated",
                        ),
                    ),
                    series(
                        "Time until certificates end",
                        "Root certificate and chain. Plan the rotation before 30 days are left.",
                        "s",
                        *(
                            Query(
                                f"({gauge(f'citadel_server_{kind}_expiry_{end[0]}', 'min')})"
                                f" - {end[1]}",
                                f"{{{{cluster}}}} {words}",
                            )
                            for kind, words in (("root_cert", "root"), ("cert_chain", "chain"))
                        ),
                    ),
                ],
            ),
        ],
        folded=True,
    )


def _process(metric: str, aggregate: str = "max") -> str:
    return gauge(metric, aggregate, _POD, only=IS_ISTIOD)


def _spent(metric: str) -> str:
    return counter(metric, _POD, at=CONTROL, only=IS_ISTIOD)


def _discovery(metric: str, recorded: str, raw: str) -> str:
    """istiod's container as cAdvisor sees it; recorded by workload, raw by pod."""
    mine = f'{CLUSTER}, workload=~"istiod.*", container="discovery"'
    return (
        f"max by (cluster) ({recorded}{{{mine}}}) "
        f"or max by (cluster) ({raw.format(f'{metric}{{{CLUSTER}, {_DISCOVERY}}}')})"
    )


def istiod() -> Section:
    """istiod's own processes."""
    memory, cpu = "container_memory_working_set_bytes", "container_cpu_usage_seconds_total"
    return Section(
        "istiod's own resources",
        [
            Line(
                8,
                [
                    series(
                        "istiod memory",
                        "Of the process, of Go's heap and stacks, and of the container (largest "
                        "pod). "
                        "Grows with services and proxies; a steady climb is a leak.",
                        "bytes",
                        Query(_process("process_resident_memory_bytes"), "{{pod}} resident"),
                        Query(_process("go_memstats_heap_inuse_bytes"), "{{pod}} heap in use"),
                        Query(_process("go_memstats_heap_alloc_bytes"), "{{pod}} heap allocated"),
                        Query(_process("go_memstats_stack_inuse_bytes"), "{{pod}} stacks"),
                        Query(
                            _discovery(
                                memory, "workload:container_memory_working_set_bytes:max", "{}"
                            ),
                            "{{cluster}} container",
                        ),
                    ),
                    series(
                        "istiod CPU",
                        "Cores of the process and of the container. Near its limit pushes wait: "
                        "look "
                        "at convergence.",
                        "none",
                        Query(_spent("process_cpu_seconds_total"), "{{pod}} process"),
                        Query(
                            _discovery(
                                cpu,
                                "workload:container_cpu_usage_seconds:rate5m",
                                f"rate({{}}[{AUTO}])",
                            ),
                            "{{cluster}} container",
                        ),
                    ),
                    series(
                        "istiod memory allocations",
                        "Bytes allocated per second: work for the garbage collector, follows "
                        "pushes.",
                        "Bps",
                        Query(_spent("go_memstats_alloc_bytes_total"), "{{pod}}"),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "istiod objects allocated",
                        "Allocations per second.",
                        "ops",
                        Query(_spent("go_memstats_mallocs_total"), "{{pod}}"),
                    ),
                    series(
                        "istiod goroutines",
                        "Follow the number of connected proxies. A climb without more proxies is a "
                        "leak.",
                        "short",
                        Query(_process("go_goroutines"), "{{pod}}"),
                    ),
                    series(
                        "istiod open files",
                        "Connections and files. Near the limit (often 1,048,576) proxies cannot "
                        "connect.",
                        "short",
                        Query(_process("process_open_fds"), "{{pod}}"),
                    ),
                    series(
                        "istiod uptime",
                        "Falls to 0 at a restart. Often: look for OOM kills.",
                        "s",
                        Query(gauge("istiod_uptime_seconds", "min", _POD), "{{pod}}"),
                    ),
                ],
            ),
        ],
        folded=True,
    )
